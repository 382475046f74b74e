import { stringify } from 'yaml';

/** Prints what a command has found, for scripts. */
export function printData(value: unknown, format: 'json' | 'yaml'): void {
  console.log(format === 'json' ? JSON.stringify(value, null, 2) : stringify(value).trimEnd());
}
