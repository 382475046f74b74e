/** Debian's Chromium, driven without a window. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';

/** Where Debian's package puts it. */
export const chromiumPath = '/usr/bin/chromium';

/** Tall enough for a pool's summary and its pending pods, narrow enough to be read in a document. */
const viewport = { width: 1360, height: 1160 };

/** It speaks to nobody but the pages it is told to open, and needs neither a GPU nor a sandbox. */
const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  // Grey edges of letters instead of coloured ones: pictures are a third smaller.
  ...['--disable-lcd-text', '--font-render-hinting=none'],
];

/** A browser with a profile of its own, which is deleted when it is closed. */
export async function startBrowser(): Promise<{
  context: BrowserContext;
  close: () => Promise<void>;
}> {
  const profile = await mkdtemp(join(tmpdir(), 'pilotlight-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath,
    args: flags,
    viewport,
  });
  return {
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
