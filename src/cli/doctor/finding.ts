/** What one check of `doctor` or one step of `setup` has found. */
export interface Finding {
  /** What was looked at, like `clock`. */
  name: string;
  /** `warn`: pools and claims work, but something is amiss. `fail`: they do not. */
  state: 'ok' | 'warn' | 'fail';
  /** What was seen; unless ok, also what to do. */
  text: string;
}

/** The finding of a check; what it raises is the finding too. */
export async function finding(
  name: string,
  check: () => Promise<Omit<Finding, 'name'> | string>,
): Promise<Finding> {
  try {
    const found = await check();
    return typeof found === 'string' ? { name, state: 'ok', text: found } : { name, ...found };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { name, state: 'fail', text };
  }
}

/** One line a finding: `OK   clock  …`. */
export function formatFindings(findings: Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const words = { ok: 'OK  ', warn: 'WARN', fail: 'FAIL' };
  return findings
    .map(({ name, state, text }) => `${words[state]}  ${name.padEnd(width)}  ${text}`)
    .join('\n');
}
