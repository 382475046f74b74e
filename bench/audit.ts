/**
 * Counts the product's own writes by the API server's audit log. The server's request metric has no
 * user agent, and kwok, scheduler and controllers write to the same pods.
 */
import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What our processes write; other objects and all reads are left out to keep the log small. */
const policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'Metadata',
      namespaces: ['default'],
      verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'],
      resources: [
        { group: '', resources: ['pods', 'configmaps', 'podtemplates'] },
        { group: 'coordination.k8s.io', resources: ['leases'] },
      ],
    },
    { level: 'None' },
  ],
};

/** The API server writes its batches after at most this long; a count waits for it. */
export const auditDelayMs = 1_500;

/** An audit log to be. */
export interface AuditLog {
  path: string;
  /** What to start the API server with. */
  apiServerArguments: string[];
}

/** Writes the policy into a folder and names the log. */
export async function prepareAudit(folder: string): Promise<AuditLog> {
  const policyPath = join(folder, 'audit-policy.json');
  const path = join(folder, 'audit.jsonl');
  await writeFile(policyPath, JSON.stringify(policy));
  return {
    path,
    apiServerArguments: [
      `--audit-policy-file=${policyPath}`,
      `--audit-log-path=${path}`,
      '--audit-log-mode=batch',
      '--audit-log-batch-max-wait=1s',
      // A log that is rotated away would lose what is counted; 1 GB is far beyond any run.
      '--audit-log-maxsize=1024',
    ],
  };
}

/** Where the log ends now; 0 before its first line. */
export async function endOfLog(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Writes of ours from a place of the log to its end, by verb and resource. */
export async function countOwnWrites(path: string, from: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const lines = createInterface({ input: createReadStream(path, { start: from }) });
  for await (const line of lines) {
    const write = ownWriteOf(line);
    if (write !== null) counts[write] = (counts[write] ?? 0) + 1;
  }
  return counts;
}

/** `verb resource` of a line about a write of ours, dry runs excepted; null of any other. */
export function ownWriteOf(line: string): string | null {
  if (line === '') return null;
  const event = JSON.parse(line) as {
    userAgent?: string;
    verb: string;
    requestURI: string;
    objectRef?: { resource?: string };
  };
  if (event.userAgent !== 'pilotlight') return null;
  if (event.requestURI.includes('dryRun=')) return null;
  return `${event.verb} ${event.objectRef?.resource ?? ''}`;
}
