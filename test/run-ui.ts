/**
 * Runs the suite of what people see, on the real control plane and in Debian's Chromium.
 * Usage: run-ui.ts [mocha's options]
 *
 * PILOTLIGHT_KEEP_SCREENSHOTS=1 keeps the pictures of docs/operations.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { prepare } from '../dev/prepare.ts';
import { chromiumPath } from './ui/browser.ts';

/** A package of 100 MB with what it needs, on a slow line. */
const installTimeoutMs = 600_000;

const root = join(import.meta.dirname, '..');

/** Installs Debian's package where that can be done; raises with what is missing where it can't. */
async function prepareChromium(): Promise<void> {
  if (existsSync(chromiumPath)) return;
  if (process.getuid?.() !== 0) {
    throw new Error(`Expected ${chromiumPath}: as root, run \`apt-get install chromium\``);
  }
  console.error('Chromium: installing the Debian package (once)');
  const options = { timeout: installTimeoutMs, env: { DEBIAN_FRONTEND: 'noninteractive' } };
  await execa('apt-get', ['update', '-qq'], options);
  await execa('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options);
}

async function main(): Promise<number> {
  await prepareChromium();
  await prepare('control-plane');
  const bin = join(root, 'node_modules/mocha/bin/mocha.js');
  const args = [bin, '--config', '.mocharc.e2e.json', ...process.argv.slice(2)];
  const { exitCode = 1 } = await execa(process.execPath, [...args, 'test/ui/*.test.ts'], {
    ...{ cwd: root, stdio: 'inherit', reject: false },
    env: { PILOTLIGHT_CLUSTER: 'control-plane' },
  });
  return exitCode;
}

process.exit(await main());
