/** Writes the pages of docs that are made from the code; a test tells when they are out of date. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createProgram } from '../src/cli/program.ts';
import { cliReference } from './reference/cli-reference.ts';

await writeFile(join(import.meta.dirname, '../docs/cli.md'), cliReference(createProgram([])));
