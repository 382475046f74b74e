/** The Temporal CLI as its makers publish it: an archive and its checksum. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { runCommand } from '../run-command.ts';
import { installOnce, type Installing } from './install-once.ts';

const version = '1.9.1';

/** Where releases are published, unless PILOTLIGHT_TEMPORAL_DOWNLOAD names a mirror of it. */
const officialReleases = 'https://github.com/temporalio/cli/releases/download';

/** The list of checksums is a kilobyte. */
const checksumsTimeoutMs = 30_000;

/** 60 MB over a slow line. */
const archiveTimeoutMs = 900_000;

const unpackTimeoutMs = 120_000;

/** Node's names of systems and processors, in the names of the archives. */
const systems: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin' };
const processors: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * The path of the Temporal CLI, downloaded into the cache at the first call.
 *
 * @throws when the host does not answer or has no such archive, when the archive's sha256 is not the
 *   published one, or when there is none for this system; the message names the address
 */
export function downloadTemporalCli({ report, signal }: Installing): Promise<string> {
  const options = { name: `temporal-${version}`, program: 'temporal', report, signal };
  return installOnce(options, async (folder) => {
    const base = process.env['PILOTLIGHT_TEMPORAL_DOWNLOAD'] ?? officialReleases;
    const name = archiveName();
    const url = `${base}/v${version}/${name}`;
    report(`downloading ${url} (once)`);
    const expected = await publishedChecksum(`${base}/v${version}/checksums.txt`, name);
    const archive = join(folder, name);
    const got = await download({ url, path: archive, report, signal });
    if (got !== expected) throw new Error(`Expected ${url} to have sha256 ${expected}, got ${got}`);
    const bin = join(folder, 'bin');
    await mkdir(bin);
    await runCommand({
      command: 'tar',
      args: ['-xzf', archive, '-C', folder, 'temporal'],
      timeoutMs: unpackTimeoutMs,
    });
    await rename(join(folder, 'temporal'), join(bin, 'temporal'));
    await rm(archive);
  });
}

function archiveName(): string {
  const [system, processor] = [systems[process.platform], processors[process.arch]];
  if (system === undefined || processor === undefined) {
    throw new Error(
      `Expected a system that the Temporal CLI is published for, got ${process.platform} ${process.arch}`,
    );
  }
  return `temporal_cli_${version}_${system}_${processor}.tar.gz`;
}

/** Its line in a list of `sha256  name`. */
async function publishedChecksum(url: string, name: string): Promise<string> {
  const answer = await get(url, AbortSignal.timeout(checksumsTimeoutMs));
  const lines = (await answer.text()).split('\n').map((line) => line.trim().split(/\s+/));
  const checksum = lines.find(([, file]) => file === name)?.[0];
  if (checksum === undefined) throw new Error(`Expected ${url} to list ${name}, got no such line`);
  return checksum;
}

/** Writes it to the path and returns its sha256 in hex. */
async function download(options: Installing & { url: string; path: string }): Promise<string> {
  const { url, path, report, signal } = options;
  const timeout = AbortSignal.timeout(archiveTimeoutMs);
  const ending = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  const answer = await get(url, ending);
  if (answer.body === null) throw new Error(`Expected ${url} to answer an archive, got no body`);
  const total = Number(answer.headers.get('content-length'));
  const hash = createHash('sha256');
  let received = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      received += chunk.length;
      const of = total > 0 ? ` of ${megabytes(total)}` : '';
      report(`downloading ${url}: ${megabytes(received)}${of} (once)`);
      done(null, chunk);
    },
  });
  const body = Readable.fromWeb(answer.body as ReadableStream<Uint8Array>);
  await pipeline(body, counting, createWriteStream(path), { signal: ending });
  return hash.digest('hex');
}

async function get(url: string, signal: AbortSignal): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, { signal });
  } catch (error) {
    // `fetch` says no more than that it failed; the cause tells why.
    const { cause } = error as Error;
    const why = cause instanceof Error ? cause.message : String(error);
    throw new Error(`${url} did not answer: ${why}`, { cause: error });
  }
  if (!answer.ok) throw new Error(`Expected ${url} to answer 200, got ${answer.status}`);
  return answer;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
