/** A CPU profile as a flame graph: callers above, what they call below, as wide as the time it took. */
import type { CustomSeriesOption } from 'echarts/charts';
import type { Frame } from './cpu-profile.ts';
import { drawSvg } from './draw-svg.ts';

const width = 1200;
const rowHeight = 15;
const titleHeight = 40;

/** Frames of less than this share of the time can't be read, and are most of a picture's size. */
const leastShare = 0.005;

/** Narrower frames have no room for a letter. */
const leastLabelledWidth = 22;

/** Ours stands out; the rest tells whose it is. */
function colourOf(origin: string): string {
  if (/^(src|dist)\/|^workflows$/.test(origin)) return '#f2a35e';
  if (['garbage collector', 'V8', 'native', 'wasm'].includes(origin)) return '#c9c9c9';
  if (origin === 'node') return '#a8d5a2';
  return origin.startsWith('@temporalio') ? '#b9a7e0' : '#9ec5e8';
}

/** One frame in the picture. */
interface Placed {
  frame: Frame;
  depth: number;
  fromMs: number;
}

/** Draws what has a share of at least half a percent. */
export function drawFlame(root: Frame, title: string): string {
  const placed = place(root);
  const depths = Math.max(...placed.map(({ depth }) => depth)) + 1;
  const height = titleHeight + depths * rowHeight + 10;
  const renderItem: NonNullable<CustomSeriesOption['renderItem']> = ({ dataIndex }, api) => {
    const item = placed[dataIndex];
    if (item === undefined) return null;
    const { frame, depth, fromMs } = item;
    const [x = 0] = api.coord([fromMs, 0]);
    const [right = 0] = api.coord([fromMs + frame.totalMs, 0]);
    const wide = Math.max(0.5, Math.round((right - x) * 10) / 10 - 0.5);
    const shape = {
      ...{ x: Math.round(x * 10) / 10, y: titleHeight + depth * rowHeight },
      ...{ width: wide, height: rowHeight - 1 },
    };
    const label = {
      textContent: {
        type: 'text' as const,
        style: {
          text: `${frame.name} ${frame.origin}`,
          ...{ fill: '#222', fontSize: 10, overflow: 'truncate' as const, width: wide - 4 },
        },
      },
      textConfig: { position: 'insideLeft' as const, distance: 2 },
    };
    return {
      ...{ type: 'rect' as const, shape, style: { fill: colourOf(frame.origin) } },
      ...(wide < leastLabelledWidth ? {} : label),
    };
  };
  return drawSvg(
    { width, height },
    {
      title: { text: title, textStyle: { fontSize: 13 }, left: 10, top: 10 },
      grid: { left: 10, right: 10, top: titleHeight, bottom: 10 },
      xAxis: { type: 'value', min: 0, max: root.totalMs, show: false },
      yAxis: { type: 'value', min: 0, max: depths, show: false },
      series: [
        { type: 'custom', renderItem, data: placed.map(({ fromMs, depth }) => [fromMs, depth]) },
      ],
    },
  );
}

/** Side by side under their caller, the largest first. */
function place(root: Frame): Placed[] {
  const placed: Placed[] = [];
  const put = (frame: Frame, depth: number, fromMs: number): void => {
    placed.push({ frame, depth, fromMs });
    let nextMs = fromMs;
    for (const child of frame.children.toSorted((a, b) => b.totalMs - a.totalMs)) {
      if (child.totalMs < root.totalMs * leastShare) break;
      put(child, depth + 1, nextMs);
      nextMs += child.totalMs;
    }
  };
  put(root, 0, 0);
  return placed;
}
