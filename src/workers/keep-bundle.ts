/**
 * Keeps what each start would else make again: the workflow bundles, by which a worker starts 2 s
 * sooner, and the compiled code of the API. An image is built with them.
 */
import { keepCompiledCode, writeCompiledCode } from '../configuration/compiled-code.ts';
import { heartbeatProfiles } from './configuration.ts';
import { defaultBundleFolder, openWorkflowBundle } from './workflow-bundle.ts';

keepCompiledCode(process.env);
// All that an API loads, without starting one.
await import('../api/configuration.ts');
await import('../api/open-cluster.ts');
await import('../kubernetes/kubeconfig.ts');
await import('../api/serve.ts');
await import('../api/tokens.ts');
await import('../codec/encryption-codec.ts');
await import('../codec/keyring.ts');
await import('../client/connect-to-temporal.ts');
await import('../client/pools.ts');
writeCompiledCode();

// Each setting that changes the code of workflows, encrypted payloads included.
for (const heartbeats of heartbeatProfiles) {
  for (const hidesFailures of [false, true]) {
    await openWorkflowBundle({
      ...{ folder: defaultBundleFolder(process.env), heartbeats, hidesFailures },
      onTrouble: (error) => {
        throw error;
      },
    });
  }
}
