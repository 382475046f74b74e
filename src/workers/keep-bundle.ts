/** Keeps the workflow bundles where a worker finds them: an image is built with them, and starts 2 s sooner. */
import { heartbeatProfiles } from './configuration.ts';
import { defaultBundleFolder, openWorkflowBundle } from './workflow-bundle.ts';

for (const heartbeats of heartbeatProfiles) {
  await openWorkflowBundle({
    folder: defaultBundleFolder(process.env),
    heartbeats,
    onTrouble: (error) => {
      throw error;
    },
  });
}
