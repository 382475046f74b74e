/**
 * Plants known faults, one at a time, in a copy of the sources, and looks who notices: `npm run
 * chaos:planted`. With `--by tests` (2 minutes a fault), `chaos` (one minute) or `both`; exit code 1 when
 * more than one fault goes unnoticed.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { execa } from 'execa';
import { wholeNumber } from '../../bench/whole-number.ts';
import { plantedFaults, type PlantedFault } from './planted-faults.ts';

/** Faults that may go unnoticed: one in ten. */
const maxUnnoticed = 1;

/** The tests of a fault take a minute, a chaos run as well; a fault may hang either. */
const deadlineMs = 300_000;

const root = join(import.meta.dirname, '../..');
const copied = ['src', 'test', 'dev', 'bench', 'bin', 'deploy', 'docs', 'examples', 'package.json'];
const testedFolders = ['pool', 'claims', 'kubernetes', 'activities', 'workflows', 'chaos'];

interface Options {
  by: 'tests' | 'chaos' | 'both';
  only?: number;
  seed: number;
}

const { by, only, seed } = new Command('chaos:planted')
  .addOption(
    new Option('--by <who>', 'who looks').choices(['tests', 'chaos', 'both']).default('both'),
  )
  .addOption(
    new Option('--only <number>', 'one fault').argParser(wholeNumber(0, plantedFaults.length - 1)),
  )
  .addOption(
    new Option('--seed <number>', 'of the chaos').argParser(wholeNumber(0, 1e9)).default(1),
  )
  .parse()
  .opts<Options>();

/** Copies the project, with one fault in it if one is given; resolves to the folder. */
async function plant(fault: PlantedFault | null): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-planted-'));
  for (const name of copied) await cp(join(root, name), join(folder, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  if (fault === null) return folder;
  const { file, line, instead } = fault;
  const path = join(folder, file);
  const source = await readFile(path, 'utf8');
  if (source.split(line).length !== 2) {
    throw new Error(`Expected ${file} to have once: ${line}`);
  }
  await writeFile(
    path,
    source.replace(line, () => instead),
  );
  return folder;
}

/** Whether a command of the copy fails. */
async function fails(folder: string, args: string[]): Promise<boolean> {
  const { failed } = await execa(process.execPath, args, {
    ...{ cwd: folder, reject: false, timeout: deadlineMs, killSignal: 'SIGKILL' },
    ...{ stdout: 'ignore', stderr: 'ignore' },
  });
  return failed;
}

const mocha = 'node_modules/mocha/bin/mocha.js';
const tests = testedFolders.map((folder) => `test/${folder}/**/*.test.ts`);
const testRun = [mocha, '--no-config', '--exit', '--bail', '--timeout', '20000', ...tests];
const chaosRun = ['test/chaos/main.ts', '--seed', String(seed), '--seconds', '20', '--no-shrink'];

// Without a fault nobody may complain, or all that follows would prove nothing.
const sound = await plant(null);
if (by !== 'chaos' && (await fails(sound, testRun))) throw new Error('the tests fail as they are');
if (by !== 'tests' && (await fails(sound, chaosRun))) throw new Error('chaos fails as it is');
await rm(sound, { recursive: true, force: true });
let unnoticed = 0;
for (const [index, fault] of plantedFaults.entries()) {
  if (only !== undefined && only !== index) continue;
  const folder = await plant(fault);
  try {
    const noticed: string[] = [];
    if (by !== 'chaos' && (await fails(folder, testRun))) noticed.push('tests');
    if (by !== 'tests' && (await fails(folder, chaosRun))) noticed.push('chaos');
    if (noticed.length === 0) unnoticed += 1;
    console.log(`${noticed.join(' and ') || 'NOBODY'} noticed ${fault.story}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
console.log(`planted faults: ${unnoticed} went unnoticed`);
process.exit(unnoticed <= maxUnnoticed ? 0 : 1);
