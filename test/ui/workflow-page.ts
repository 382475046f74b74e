/** The page of a pool's workflow in the Temporal UI, as a person reads it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Environment } from '../e2e/environment.ts';
import { until } from '../e2e/environment.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';

/** The tabs of a workflow that operators are sent to. */
type Tab = 'user-metadata' | 'pending-activities';

const pictures = join(import.meta.dirname, '../../docs/operations');

/** Without the navigation, which is the same everywhere. */
const picturedArea = { x: 256, y: 48, width: 1104, height: 1112 };

/** The page is asked for again when the pool has not come as far as the test. */
const wordsTimeoutMs = 45_000;

/** The page asks Temporal for one thing after another, and draws Markdown in frames that come last. */
const drawnWithinMs = 10_000;
const lookAgainMs = 250;

/** Everything that can be read on a page, the frames with Markdown included. */
async function wordsOn(page: Page): Promise<string> {
  const texts = await Promise.all(page.frames().map((frame) => frame.locator('body').innerText()));
  return texts.join('\n').replaceAll(/\s+/g, ' ');
}

/** What can be read once it is what is looked for, or when the page has had its time. */
async function wordsOnceDrawn(page: Page, isWhole: (text: string) => boolean): Promise<string> {
  const deadlineMs = Date.now() + drawnWithinMs;
  for (;;) {
    const text = await wordsOn(page);
    if (isWhole(text) || Date.now() > deadlineMs) return text;
    await page.waitForTimeout(lookAgainMs);
  }
}

/**
 * Opens a tab of a pool's workflow until all the words are on it; raises with what is there instead.
 * With PILOTLIGHT_KEEP_SCREENSHOTS=1 it is kept as `docs/operations/<picture>.png`, unless that is null.
 */
export async function readPage(options: {
  environment: Environment;
  page: Page;
  pool: string;
  tab: Tab;
  words: RegExp[];
  picture: string | null;
}): Promise<void> {
  const { environment, page, pool, tab, words, picture } = options;
  const { temporal } = environment;
  const workflowId = poolWorkflowId(pool);
  const url = `${temporal.uiUrl ?? ''}/namespaces/${temporal.namespace}/workflows/${workflowId}`;
  const hasAll = (text: string): boolean => words.every((word) => word.test(text));
  const { runId } = await environment.client.workflow.getHandle(workflowId).describe();
  await until({
    what: `the words ${words.join(', ')} on the ${tab} of ${workflowId}`,
    timeoutMs: wordsTimeoutMs,
    ask: async () => {
      await page.goto(`${url}/${runId}/${tab}`);
      return wordsOnceDrawn(page, hasAll);
    },
    holds: hasAll,
  });
  if (picture === null || process.env['PILOTLIGHT_KEEP_SCREENSHOTS'] !== '1') return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${picture}.png`), clip: picturedArea });
}
