/** The steps of a start or a stop as a person follows them. */
import ora from 'ora';
import { formatElapsed, type Report } from './report.ts';

/** One step after another; each ends when the next begins. */
export interface ProgressView {
  step(text: string): void;
  /** What the step is at. */
  report: Report;
  /** The last step ended well. */
  done(): void;
  /** The step under way did not end: its line goes. */
  cancel(): void;
}

/** A step that takes longer shows for how long. */
const showElapsedAfterMs = 2_000;

/** Without a terminal, a long step says what it is at so often. */
const sayEveryMs = 10_000;

/** Columns left for the spinner's sign. */
const signColumns = 4;

/** A spinner on a terminal; elsewhere a line for each step, and more for a long one. */
export function createProgressView(stream: NodeJS.WriteStream): ProgressView {
  return stream.isTTY ? spinnerView(stream) : lineView(stream);
}

function spinnerView(stream: NodeJS.WriteStream): ProgressView {
  const spinner = ora({ stream });
  let step = '';
  let detail = '';
  let startedAtMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const redraw = (): void => {
    const elapsedMs = Date.now() - startedAtMs;
    const since = elapsedMs < showElapsedAfterMs ? '' : ` (${formatElapsed(elapsedMs)})`;
    const text = detail === '' ? step : `${step}: ${detail}`;
    // A wrapped line can't be redrawn in place.
    const room = stream.columns - signColumns - since.length;
    spinner.text = (text.length > room ? `${text.slice(0, room - 1)}…` : text) + since;
  };
  const end = (): void => {
    clearInterval(timer);
    detail = '';
  };
  const done = (): void => {
    if (!spinner.isSpinning) return;
    end();
    redraw();
    spinner.succeed();
  };
  return {
    step(text) {
      done();
      step = text;
      startedAtMs = Date.now();
      timer = setInterval(redraw, 1_000);
      redraw();
      spinner.start();
    },
    report(text) {
      detail = text;
      redraw();
    },
    done,
    cancel() {
      end();
      spinner.stop();
    },
  };
}

function lineView(stream: NodeJS.WriteStream): ProgressView {
  let detail = '';
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearInterval(timer);
    detail = '';
  };
  return {
    step(text) {
      end();
      stream.write(`${text}\n`);
      const startedAtMs = Date.now();
      timer = setInterval(() => {
        const what = detail === '' ? text : detail;
        stream.write(`  ${what} (${formatElapsed(Date.now() - startedAtMs)})\n`);
      }, sayEveryMs);
    },
    report(text) {
      // The first is said at once: it tells why this step takes long.
      if (detail === '' && text !== '') stream.write(`  ${text}\n`);
      detail = text;
    },
    done: end,
    cancel: end,
  };
}
