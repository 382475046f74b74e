import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { applyPools } from '../apply/apply-pools.ts';
import { readDocuments } from '../apply/read-documents.ts';
import type { PoolDocument } from '../pool/document.ts';
import { withCluster, withPools } from './servers.ts';

/** `pilotlight apply -f FILE…`: creates or updates the pools of YAML files; `-` reads stdin. */
export function applyCommand(): Command {
  return new Command('apply')
    .description('create or update the pools of YAML files')
    .requiredOption('-f, --file <file...>', 'files to read; - is standard input')
    .option('-n, --namespace <namespace>', 'Kubernetes namespace of documents that name none')
    .action(async ({ file, namespace }: { file: string[]; namespace?: string }) => {
      const documents: PoolDocument[] = [];
      for (const path of file) documents.push(...readDocuments(await readText(path), nameOf(path)));
      const applied = await withCluster((connection) =>
        withPools((pools) =>
          applyPools({
            ...{ documents, connection, pools },
            namespace: namespace ?? process.env['PILOTLIGHT_NAMESPACE'] ?? 'default',
          }),
        ),
      );
      for (const { pool, change } of applied) console.log(`pool ${pool} ${change}`);
    });
}

function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path;
}

async function readText(path: string): Promise<string> {
  if (path === '-') return text(process.stdin);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`Expected \`--file\` to be a readable file, got ${path} (${said})`, {
      cause: error,
    });
  }
}
