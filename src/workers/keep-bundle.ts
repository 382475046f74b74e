/** Keeps the workflow bundle where a worker finds it: an image is built with it, and starts 2 s sooner. */
import { defaultBundleFolder, openWorkflowBundle } from './workflow-bundle.ts';

await openWorkflowBundle({
  folder: defaultBundleFolder(process.env),
  onTrouble: (error) => {
    throw error;
  },
});
