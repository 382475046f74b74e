import { fileURLToPath } from 'node:url';

/** Where a worker, a bundle or a replay finds the code that runs inside of the workflow sandbox. */
export const workflowCode = {
  workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
  payloadConverterPath: fileURLToPath(
    new URL('../workflows/payload-converter.ts', import.meta.url),
  ),
} as const;
