/**
 * The configuration of a process: read once from the environment, checked, never read again. Without a
 * library for it, which would stay in the memory of every process for a dozen variables (docs/limits.md).
 */
import { defaultTaskQueue } from '../workflows/task-queue.ts';

/** How much a process logs, from all to least. */
const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** How much a process logs. */
type LogLevel = (typeof logLevels)[number];

/** The limits of a whole number, and what it is unless given. */
interface NumberSetting {
  min: number;
  max: number;
  default: number;
}

/** Reads variables one by one and remembers which are wrong: all of them are told at once. */
export class Environment {
  readonly #env: NodeJS.ProcessEnv;
  readonly #wrong: string[] = [];

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** A text that is not empty. */
  text(name: string, unlessGiven: string): string {
    return this.optionalText(name) ?? unlessGiven;
  }

  /** A text that is not empty; null unless given. */
  optionalText(name: string): string | null {
    const given = this.#env[name] ?? null;
    return given === '' ? this.#refuse(name, 'Expected some text', null) : given;
  }

  /** One of some words. */
  oneOf<T extends string>(name: string, words: readonly T[], unlessGiven: T): T {
    const given = this.#env[name];
    if (given === undefined) return unlessGiven;
    const found = words.find((word) => word === given);
    return found ?? this.#refuse(name, `Expected one of ${words.join(', ')}`, unlessGiven);
  }

  /** A whole number within its limits. */
  wholeNumber(name: string, setting: NumberSetting): number {
    const given = this.#env[name];
    if (given === undefined) return setting.default;
    const { min, max } = setting;
    const number = Number(given);
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    return this.#refuse(name, `Expected a whole number from ${min} to ${max}`, setting.default);
  }

  /** A TCP port. */
  port(name: string, unlessGiven: number): number {
    return this.wholeNumber(name, { min: 1, max: 65_535, default: unlessGiven });
  }

  /** Raises one error that names each wrong variable, if one is. */
  check(): void {
    if (this.#wrong.length === 0) return;
    throw new Error(`The environment is wrong. ${this.#wrong.join('. ')}`);
  }

  #refuse<T>(name: string, expected: string, instead: T): T {
    this.#wrong.push(`${name}: ${expected}, got ${JSON.stringify(this.#env[name])}`);
    return instead;
  }
}

/** What every process of Pilotlight is told. Temporal's own settings come by its envconfig. */
export interface CommonConfiguration {
  /** Kubernetes namespace whose pools this process serves. */
  namespace: string;
  taskQueue: string;
  /** YAML file of the keys that encrypt what Temporal is given; null: nothing is encrypted. */
  payloadKeysFile: string | null;
  logLevel: LogLevel;
}

/** Reads what every process is told. */
export function readCommon(environment: Environment): CommonConfiguration {
  return {
    namespace: environment.text('PILOTLIGHT_NAMESPACE', 'default'),
    taskQueue: environment.text('PILOTLIGHT_TASK_QUEUE', defaultTaskQueue),
    payloadKeysFile: environment.optionalText('PILOTLIGHT_PAYLOAD_KEYS_FILE'),
    logLevel: environment.oneOf('PILOTLIGHT_LOG_LEVEL', logLevels, 'info'),
  };
}
