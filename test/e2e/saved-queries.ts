/** The queries of pools that docs/operations/troubles.md gives people to save, by the question asked. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';

/** The last section of the page. */
const heading = '## Finding pools\n';

/** One call, while the machine is busy with a test. */
const callMs = 20_000;

/** The table, and the query of the link that the page shows as an example. Raises without the section. */
export function readSavedQueries(): { queries: Record<string, string>; linked: string } {
  const page = readFileSync(join(import.meta.dirname, '../../docs/operations/troubles.md'), 'utf8');
  const [, section] = page.split(heading);
  if (section === undefined) throw new Error(`the page has no section ${heading}`);
  const rows = [...section.matchAll(/^\| (.+?) \| `(.+)` \|$/gm)];
  const [, linked = ''] = /`\/namespaces\/default\/workflows\?query=(\S+)`/.exec(section) ?? [];
  return {
    queries: Object.fromEntries(rows.map(([, question = '', query = '']) => [question, query])),
    linked: decodeURIComponent(linked),
  };
}

/** The workflow ids that a query finds, sorted; one for each run. */
export async function findWorkflows(client: Client, query: string): Promise<string[]> {
  return client.withDeadline(Date.now() + callMs, async () => {
    const ids: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
    return ids.sort();
  });
}
