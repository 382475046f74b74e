import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { applyPools } from '../apply/apply-pools.ts';
import { labelsOf } from '../apply/document-labels.ts';
import { readDocuments } from '../apply/read-documents.ts';
import { templateHash } from '../apply/template-hash.ts';
import { toDocument } from '../apply/to-document.ts';
import type { Pools } from '../client/pools.ts';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { readTemplate } from '../kubernetes/templates.ts';
import { withCluster, withPools } from './servers.ts';

const examples = `
Opens the pool's document in EDITOR (vi unless set) and applies it when it was changed. The template
shows what the API server has filled in; as long as it is left alone no pod is replaced.

Example:
  EDITOR=nano pilotlight edit small`;

/** `pilotlight edit NAME`: changes a pool in an editor. */
export function editCommand(): Command {
  return new Command('edit')
    .description("change a pool's document in an editor")
    .argument('<name>', 'name of the pool')
    .addHelpText('after', examples)
    .action((name: string) =>
      withPools((pools) => withCluster((connection) => edit({ pools, connection, name }))),
    );
}

async function edit(options: {
  pools: Pools;
  connection: ClusterConnection;
  name: string;
}): Promise<void> {
  const { pools, connection, name } = options;
  const { namespace, spec, labels } = await pools.status(name);
  const template = await readTemplate({
    ...{ connection, namespace, pool: name, templateHash: spec.templateHash },
  });
  if (template === null) {
    throw new Error(
      `PodTemplate ${name}-${spec.templateHash} is missing: apply its document again`,
    );
  }
  const shown = toDocument({ pool: name, namespace, spec, labels, template });
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-edit-'));
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, shown);
  await runEditor(file);
  const edited = await readFile(file, 'utf8');
  if (edited === shown) {
    await rm(folder, { recursive: true });
    console.log(`pool ${name} unchanged`);
    return;
  }
  try {
    await apply({ pools, connection, name, namespace, shown, edited, hash: spec.templateHash });
  } catch (error) {
    console.error(`Your changes are kept in ${file}`);
    throw error;
  }
  await rm(folder, { recursive: true });
  console.log(`pool ${name} updated`);
}

async function apply(options: {
  pools: Pools;
  connection: ClusterConnection;
  name: string;
  namespace: string;
  shown: string;
  edited: string;
  hash: string;
}): Promise<void> {
  const { pools, connection, name, namespace, shown, edited, hash } = options;
  const documents = readDocuments(edited, 'the edited document');
  const [document] = documents;
  if (document?.pool !== name || documents.length > 1) {
    throw new Error(`Expected one document, of pool ${name}; \`apply -f FILE\` takes others`);
  }
  const [before] = readDocuments(shown, 'the document');
  const isSameTemplate =
    before !== undefined && templateHash(before.template) === templateHash(document.template);
  // What the API server has filled in would make it another template and replace every pod.
  if (isSameTemplate && (document.namespace ?? namespace) === namespace) {
    await pools.apply({
      ...{ pool: name, namespace, labels: labelsOf(document) },
      spec: { ...document.settings, templateHash: hash },
    });
    return;
  }
  await applyPools({ documents, connection, pools, namespace });
}

/** Runs EDITOR, which may carry arguments, as a shell would. Raises when it fails. */
function runEditor(file: string): Promise<void> {
  const editor = process.env['VISUAL'] ?? process.env['EDITOR'] ?? 'vi';
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${editor} can't be run: ${error.message}`)));
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${editor} ended with ${String(code)}; nothing was changed`));
    });
  });
}
