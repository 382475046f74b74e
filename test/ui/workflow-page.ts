/** The page of a pool's workflow in the Temporal UI, as a person reads it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Environment } from '../e2e/environment.ts';
import { until } from '../e2e/environment.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';

/** The tabs of a workflow that operators are sent to. */
export type Tab = 'user-metadata' | 'pending-activities' | 'timeline';

const pictures = join(import.meta.dirname, '../../docs/operations');

/** Without the navigation, which is the same everywhere. */
const picturedArea = { x: 256, y: 48, width: 1104, height: 912 };

/** The page is asked for again when the pool has not come as far as the test. */
const wordsTimeoutMs = 45_000;

/** Markdown is drawn in frames of its own, which come later than the page. */
const drawnAfterMs = 700;

/** Everything that can be read on a page, the frames with Markdown included. */
async function wordsOn(page: Page): Promise<string> {
  const texts = await Promise.all(page.frames().map((frame) => frame.locator('body').innerText()));
  return texts.join('\n').replaceAll(/\s+/g, ' ');
}

/**
 * Opens a tab of a pool's workflow until all the words are on it; raises with what is there instead.
 * With PILOTLIGHT_KEEP_SCREENSHOTS=1 it is kept as `docs/operations/<picture>.png`.
 */
export async function readPage(options: {
  environment: Environment;
  page: Page;
  pool: string;
  tab: Tab;
  words: RegExp[];
  picture: string;
}): Promise<void> {
  const { environment, page, pool, tab, words, picture } = options;
  const { temporal } = environment;
  const workflowId = poolWorkflowId(pool);
  const url = `${temporal.uiUrl ?? ''}/namespaces/${temporal.namespace}/workflows/${workflowId}`;
  const { runId } = await environment.client.workflow.getHandle(workflowId).describe();
  await until({
    what: `the words ${words.join(', ')} on the ${tab} of ${workflowId}`,
    timeoutMs: wordsTimeoutMs,
    ask: async () => {
      await page.goto(`${url}/${runId}/${tab}`);
      await page.waitForTimeout(drawnAfterMs);
      return wordsOn(page);
    },
    holds: (text) => words.every((word) => word.test(text)),
  });
  if (process.env['PILOTLIGHT_KEEP_SCREENSHOTS'] !== '1') return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${picture}.png`), clip: picturedArea });
}
