/**
 * The Temporal SDK's own metrics. It serves them itself, at an address that must be named before the
 * SDK starts; here that is one on loopback, which the process's own scrape reads and passes on.
 */
import { createServer, type AddressInfo } from 'node:net';

/** On loopback, of a server in this very process. */
const deadlineMs = 2_000;

/** A free address to give to the SDK, and what it serves there. */
export interface SdkMetrics {
  /** `host:port`. */
  bindAddress: string;
  /** The text; says in a comment why there is none when it can't be read. */
  read(): Promise<string>;
}

/** Finds an address on loopback that is free now. */
export async function openSdkMetrics(): Promise<SdkMetrics> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const bindAddress = `127.0.0.1:${port}`;
  return {
    bindAddress,
    async read() {
      try {
        const answer = await fetch(`http://${bindAddress}/metrics`, {
          signal: AbortSignal.timeout(deadlineMs),
        });
        return await answer.text();
      } catch (error) {
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
        return `# the SDK's metrics can't be read: ${String(cause).replaceAll('\n', ' ')}\n`;
      }
    },
  };
}
