/** Writes the pages of docs that are made from the code; a test tells when they are out of date. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createProgram } from '../src/cli/program.ts';
import { apiReference } from './reference/api-reference.ts';
import { cliReference } from './reference/cli-reference.ts';
import { describeApi } from './reference/describe-api.ts';

const docs = join(import.meta.dirname, '../docs');
await writeFile(join(docs, 'cli.md'), cliReference(createProgram([])));
await writeFile(join(docs, 'api-reference.md'), apiReference(await describeApi()));
