import { extname, join } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import type { WorkerOptions } from '@temporalio/worker';
import type { EncryptionCodec } from '../codec/encryption-codec.ts';
import type { HeartbeatProfile } from './configuration.ts';

/**
 * The bundler's own target is of 2017, for which each `{ ...state }` becomes a loop over its keys: a
 * quarter of the time that a plan takes. A worker runs on the Node release that package.json names.
 */
export const bundledSyntax = 'es2022';

type BundleSettings = Parameters<
  NonNullable<NonNullable<WorkerOptions['bundlerOptions']>['webpackConfigHook']>
>[0];

/** Lets the bundler leave the syntax of today as it is. */
function keepSyntax(settings: BundleSettings): BundleSettings {
  for (const rule of settings.module?.rules ?? []) {
    const use = typeof rule === 'object' ? rule?.use : undefined;
    if (typeof use !== 'object' || Array.isArray(use) || typeof use.options !== 'object') continue;
    if ('jsc' in use.options)
      Object.assign(use.options['jsc'] as object, { target: bundledSyntax });
  }
  return settings;
}

/** The sources as they are, or what they were built to. */
const extension = extname(import.meta.filename);

function pathOf(name: string): string {
  return join(import.meta.dirname, '..', 'workflows', `${name}${extension}`);
}

/** Modules that a bundle is made with beside the workflows, for the profile of heartbeats. */
export function interceptorModules(heartbeats: HeartbeatProfile): string[] {
  const slow = heartbeats === 'cloud' ? [pathOf('slow-heartbeats')] : [];
  return [pathOf('refuse-early-news'), ...slow];
}

/** What a bundle is made with beside, where the messages of failures are encrypted too. */
export function failureConverter(isHiding: boolean): { failureConverterPath?: string } {
  return isHiding ? { failureConverterPath: pathOf('failure-converter') } : {};
}

/** How a worker reads and writes payloads. */
export function workerDataConverter(codecs: EncryptionCodec[]): DataConverter {
  return { ...replayDataConverter(codecs), ...failureConverter(hidesFailures(codecs)) };
}

/** How a replay reads them. What fails there is told to whoever replays, in plain words. */
export function replayDataConverter(codecs: EncryptionCodec[]): DataConverter {
  const { payloadConverterPath } = workflowCode;
  return { payloadConverterPath, payloadCodecs: codecs };
}

/** Whether what failures say is encrypted as well. */
export function hidesFailures(codecs: EncryptionCodec[]): boolean {
  return codecs.some(({ encrypts }) => encrypts);
}

/** Where a worker, a bundle or a replay finds the code that runs inside of the workflow sandbox. */
export const workflowCode = {
  workflowsPath: pathOf('index'),
  payloadConverterPath: pathOf('payload-converter'),
  webpackConfigHook: keepSyntax,
} as const;
