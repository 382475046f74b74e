/** The documents: pages made from the code are up to date, links lead somewhere, code is what it says. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { execa } from 'execa';
import { apiReference, problemsOf } from '../../dev/reference/api-reference.ts';
import { cliReference } from '../../dev/reference/cli-reference.ts';
import { describeApi } from '../../dev/reference/describe-api.ts';
import { problemCodes } from '../../src/client/wire/problem-codes.ts';
import { commonProblems } from '../../src/api/route-schema.ts';
import { readDocuments } from '../../src/apply/read-documents.ts';
import { createProgram } from '../../src/cli/program.ts';

const root = join(import.meta.dirname, '../..');
const program = createProgram([]);
const { stdout } = await execa('git', ['ls-files', '*.md'], { cwd: root });
const documents = stdout.split('\n').map((path) => ({
  path,
  text: readFileSync(join(root, path), 'utf8'),
}));

/** A block of code with the language that its fence names. */
function blocksOf(text: string): { language: string; code: string }[] {
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```/gm)].map(([, language = '', code = '']) => ({
    language,
    code,
  }));
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** What is wrong with a use of the command line; null when its commands exist. */
function unknownCommand(words: string[]): string | null {
  let command = program;
  for (const word of words) {
    if (command.commands.length === 0) return null;
    const inner = command.commands.find(
      (one) => one.name() === word || one.aliases().includes(word),
    );
    if (inner === undefined) return `${command.name()} has no command ${word}`;
    command = inner;
  }
  return null;
}

describe('the documents', () => {
  it('have the reference of the command line as the parser has it (`npm run docs:reference`)', () => {
    assert.equal(readFileSync(join(root, 'docs/cli.md'), 'utf8'), cliReference(program));
  });

  it('have the reference of the HTTP API as its routes have it (`npm run docs:reference`)', async () => {
    const page = readFileSync(join(root, 'docs/api-reference.md'), 'utf8');
    assert.equal(page, apiReference(await describeApi()));
  });

  it('name every code of a problem where it may be answered', async () => {
    const { paths } = await describeApi();
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    const ofPaths = ['notFound', 'methodNotAllowed'];
    const named = new Set([...ofPaths, ...commonProblems, ...operations.flatMap(problemsOf)]);
    assert.deepEqual([...named].sort(), Object.keys(problemCodes).sort());
  });

  it('link to files and headings that exist', () => {
    assert.ok(documents.length > 30);
    const broken: string[] = [];
    for (const { path, text } of documents) {
      for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [file = '', anchor] = target.split('#');
        const linked = file === '' ? path : join(dirname(path), file);
        const isThere = existsSync(join(root, linked));
        const isMarkdown = isThere && linked.endsWith('.md');
        const hasAnchor =
          anchor === undefined ||
          (isMarkdown && anchorsOf(readFileSync(join(root, linked), 'utf8')).includes(anchor));
        if (!isThere || !hasAnchor) broken.push(`${path}: ${target}`);
      }
    }
    assert.deepEqual(broken, []);
  });

  it('have JSON and YAML that can be parsed', () => {
    let blocks = 0;
    for (const { path, text } of documents) {
      for (const { language, code } of blocksOf(text)) {
        if (language === 'json') JSON.parse(code);
        if (language === 'yaml') {
          for (const { errors } of parseAllDocuments(code)) assert.deepEqual(errors, [], path);
        }
        blocks += 1;
      }
    }
    assert.ok(blocks > 10);
  });

  it('have pools that `apply` would take', () => {
    const pools = documents.flatMap(({ path, text }) =>
      blocksOf(text)
        .filter(({ code }) => /^kind: WarmPool$/m.test(code))
        .flatMap(({ code }) => readDocuments(code, path)),
    );
    assert.ok(pools.length > 0);
  });

  it('name files that exist, and give Helm a chart', () => {
    const missing: string[] = [];
    let [paths, charts] = [0, 0];
    for (const { path, text } of documents) {
      // Pipelines in YAML run commands too.
      const blocks = blocksOf(text).filter(({ language }) => /^(sh|bash|yaml)$/.test(language));
      const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
      for (const code of [...blocks.map((block) => block.code), ...spans]) {
        for (const [named] of code.matchAll(
          /(?<![\w./-])(deploy|examples|docs|bench|test|src|dev|bin)\/[\w./-]+/g,
        )) {
          paths += 1;
          if (!existsSync(join(root, named))) missing.push(`${path}: ${named}`);
        }
        for (const [, chart = ''] of code.matchAll(
          /\bhelm +(?:install|upgrade|template)(?: +--[\w-]+)* +\S+ +(\S+)/g,
        )) {
          charts += 1;
          if (!existsSync(join(root, chart, 'Chart.yaml'))) missing.push(`${path}: chart ${chart}`);
        }
      }
    }
    assert.ok(paths > 8 && charts > 1, `${paths} paths, ${charts} charts`);
    assert.deepEqual(missing, []);
  });

  it('use commands that exist', () => {
    const wrong: string[] = [];
    let uses = 0;
    for (const { path, text } of documents) {
      const shell = blocksOf(text).filter(({ language }) => ['sh', 'bash'].includes(language));
      const inline = [...text.matchAll(/`(pilotlight [^`\n]+)`/g)].map(([, code = '']) => code);
      for (const code of [...shell.map((block) => block.code), ...inline]) {
        for (const [, line = ''] of code.matchAll(
          /(?:^|npx |[|&;(] *)pilotlight +([a-z][^|&;\n]*)/gm,
        )) {
          uses += 1;
          const said = unknownCommand(line.split(/\s+/).filter((word) => /^[a-z]+$/.test(word)));
          if (said !== null) wrong.push(`${path}: ${line}: ${said}`);
        }
      }
    }
    assert.ok(uses > 20);
    assert.deepEqual(wrong, []);
  });
});
