#!/usr/bin/env node
/**
 * Starts the command line. A checkout has its sources, TypeScript that Node runs itself from 22.19 on; a
 * package has what they were built to, since Node strips no types under node_modules. An older Node
 * runs the newer one that a checkout carries as the package `node`.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = new URL('../src/cli/main.ts', import.meta.url);
const main = existsSync(source) ? source : new URL('../dist/cli/main.js', import.meta.url);
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 19)) {
  await import(main.href);
} else {
  const node = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
  if (existsSync(node)) {
    runWith(node);
  } else {
    console.error(
      `error: Expected Node 22.19 or newer, got ${process.versions.node}; run \`npm ci\` in the checkout`,
    );
    process.exitCode = 1;
  }
}

/** Runs the command line with another Node, which gets our signals and gives its exit code. */
function runWith(node) {
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`error: ${node} can't be run: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code) => {
    // Ended by a signal: no code.
    process.exitCode = code ?? 1;
  });
}
