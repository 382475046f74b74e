/**
 * Reads kubeconfigs whose credentials lie in them or in files beside them. Whatever else one can say
 * (plugins, providers, proxies, impersonation) is left to the client library, which costs 85 MB.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import { bearer, type ClusterLogin, type Credentials } from './credentials.ts';

/** What we read of a cluster and of a user. Anything beyond it may change who we are, or the way. */
const clusterFields = new Set([
  ...['server', 'certificate-authority', 'certificate-authority-data', 'tls-server-name'],
  ...['insecure-skip-tls-verify', 'disable-compression', 'extensions'],
]);
const userFields = new Set([
  ...['token', 'tokenFile', 'client-certificate', 'client-certificate-data'],
  ...['client-key', 'client-key-data', 'extensions'],
]);

/**
 * The login of a kubeconfig's context, its current one unless given; null when it says more than we
 * read. Raises an error that names the field, what was expected and what was found.
 */
export async function readKubeconfig(options: {
  path: string;
  context?: string;
}): Promise<ClusterLogin | null> {
  const { path } = options;
  const found = new Kubeconfig(path, await parseFile(path));
  const { config } = found;
  const contextName = options.context ?? found.text(config, 'current-context', '');
  const context = found.named('contexts', 'context', contextName);
  if (context === null) {
    throw new Error(
      `Expected the kubeconfig to name a cluster for context ${contextName}; set KUBECONFIG`,
    );
  }
  const at = `contexts[${contextName}].context.`;
  const clusterName = found.text(context, 'cluster', at);
  const cluster = found.named('clusters', 'cluster', clusterName);
  if (cluster === null) {
    throw found.unexpected(`${at}cluster`, 'to be one of its clusters', clusterName);
  }
  const userName = found.optionalText(context, 'user', at);
  const user = userName === null ? {} : found.named('users', 'user', userName);
  if (user === null) throw found.unexpected(`${at}user`, 'to be one of its users', userName);
  const isKnown =
    Object.keys(cluster).every((field) => clusterFields.has(field)) &&
    Object.keys(user).every((field) => userFields.has(field));
  if (!isKnown) return null;
  const from = { found, cluster, user, clusterName, userName: userName ?? '' };
  return {
    server: found.server(cluster, clusterName),
    namespace: found.optionalText(context, 'namespace', at) ?? 'default',
    readCredentials: () => readCredentials(from),
  };
}

type Fields = Record<string, unknown>;

async function readCredentials(from: {
  found: Kubeconfig;
  cluster: Fields;
  clusterName: string;
  user: Fields;
  userName: string;
}): Promise<Credentials> {
  const { found, cluster, user } = from;
  const clusterAt = `clusters[${from.clusterName}].cluster.`;
  const userAt = `users[${from.userName}].user.`;
  const [ca, cert, key] = await Promise.all([
    found.bytes(cluster, 'certificate-authority', clusterAt),
    found.bytes(user, 'client-certificate', userAt),
    found.bytes(user, 'client-key', userAt),
  ]);
  const servername = found.optionalText(cluster, 'tls-server-name', clusterAt);
  const tokenFile = found.optionalText(user, 'tokenFile', userAt);
  const token =
    tokenFile === null
      ? found.optionalText(user, 'token', userAt)
      : await readFile(found.pathOf(tokenFile), 'utf8');
  return {
    tls: {
      ...(ca === null ? {} : { ca }),
      ...(cert === null ? {} : { cert }),
      ...(key === null ? {} : { key }),
      ...(servername === null ? {} : { servername }),
      ...(cluster['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
    },
    headers: token === null ? {} : bearer(token),
  };
}

/** The file as an object. A fault is told without the lines around it, which may hold secrets. */
async function parseFile(path: string): Promise<Fields> {
  let config: unknown;
  try {
    config = parse(await readFile(path, 'utf8'), { merge: true, logLevel: 'error' });
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const [fault] = error.message.split('\n');
    throw new Error(`Expected the kubeconfig ${path} to be YAML, got a fault: ${fault ?? ''}`);
  }
  const fields = fieldsOf(config);
  if (fields === null) throw new Error(`Expected ${path} to be a kubeconfig, got no object`);
  return fields;
}

/** One file, and how its fields are read. `at` is where a field lies, for the error. */
class Kubeconfig {
  readonly config: Fields;
  readonly #path: string;

  constructor(path: string, config: Fields) {
    this.#path = path;
    this.config = config;
  }

  /** The entry of that name in one of the lists; null without one. */
  named(list: 'clusters' | 'contexts' | 'users', field: string, name: string): Fields | null {
    const entries = this.config[list] ?? [];
    if (!Array.isArray(entries)) throw this.unexpected(list, 'to be a list', kindOf(entries));
    const entry = entries.map(fieldsOf).find((each) => each?.['name'] === name) ?? null;
    if (entry === null) return null;
    const at = `${list}[${name}].${field}`;
    // A user may say nothing at all, as where a proxy asks for no credentials.
    const value = list === 'users' ? (entry[field] ?? {}) : entry[field];
    const fields = fieldsOf(value);
    if (fields === null) throw this.unexpected(at, 'to be an object', kindOf(value));
    return fields;
  }

  text(fields: Fields, field: string, at: string): string {
    const value = this.optionalText(fields, field, at);
    if (value === null) throw this.unexpected(at + field, 'to be text', 'nothing');
    return value;
  }

  /** Null for a field that is absent or empty. */
  optionalText(fields: Fields, field: string, at: string): string | null {
    const value = fields[field] ?? '';
    if (typeof value !== 'string') throw this.unexpected(at + field, 'to be text', kindOf(value));
    return value === '' ? null : value;
  }

  /** A file that is named, else the bytes in the field's `-data`, as the client library has it. */
  async bytes(fields: Fields, field: string, at: string): Promise<Buffer | null> {
    const file = this.optionalText(fields, field, at);
    if (file !== null) return readFile(this.pathOf(file));
    const data = this.optionalText(fields, `${field}-data`, at);
    return data === null ? null : Buffer.from(data, 'base64');
  }

  server(cluster: Fields, name: string): string {
    const at = `clusters[${name}].cluster.`;
    const server = this.text(cluster, 'server', at);
    const protocol = URL.parse(server)?.protocol;
    const isPlain = protocol === 'http:' && cluster['insecure-skip-tls-verify'] === true;
    if (protocol !== 'https:' && !isPlain) {
      const expected = 'to be an https URL (or an http one beside insecure-skip-tls-verify: true)';
      throw this.unexpected(`${at}server`, expected, server);
    }
    return server.replace(/\/$/, '');
  }

  /** Files are named relative to the kubeconfig. */
  pathOf(file: string): string {
    return resolve(dirname(this.#path), file);
  }

  /** `given` is shown as it is, so it must be no secret. */
  unexpected(field: string, expected: string, given: string | null): Error {
    const where = `\`${field}\` of the kubeconfig ${this.#path}`;
    return new Error(`Expected ${where} ${expected}, got ${given ?? 'nothing'}`);
  }
}

function fieldsOf(value: unknown): Fields | null {
  const isFields = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isFields ? (value as Fields) : null;
}

/** What kind of value there is instead: a value itself may be a secret. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}
