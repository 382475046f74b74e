/** The chart of a soak: one diagram below the other, drawn without a browser. */
import { drawSvg } from '../../bench/draw-svg.ts';

/** A series of a diagram. */
export interface Line {
  name: string;
  /** By time in seconds, rising. */
  points: { atSeconds: number; value: number }[];
}

/** One diagram: lines of the same unit. */
export interface Diagram {
  title: string;
  lines: Line[];
}

const width = 760;
const heightOfOne = 240;
const frame = { left: 70, right: 150, top: 40, height: 160 };

/** So many points a line are drawn at most: an hour has 720 samples, and the picture is 540 wide. */
const mostPoints = 240;

/** Draws the diagrams as one SVG, each with an axis from 0 and its own legend. */
export function drawSoak(diagrams: Diagram[]): string {
  const size = { width, height: Math.max(1, diagrams.length) * heightOfOne };
  const top = (index: number): number => index * heightOfOne;
  return drawSvg(size, {
    title: diagrams.map(({ title }, index) => ({
      ...{ text: title, left: 10, top: top(index) + 8, textStyle: { fontSize: 13 } },
    })),
    legend: diagrams.map(({ lines }, index) => ({
      ...{ data: lines.map(({ name }) => `${index}: ${name}`), formatter: withoutIndex },
      ...{ orient: 'vertical', right: 4, top: top(index) + frame.top, itemWidth: 14 },
    })),
    grid: diagrams.map((_, index) => ({ ...frame, top: top(index) + frame.top })),
    xAxis: diagrams.map((_, gridIndex) => ({
      ...{ type: 'value', gridIndex, name: 'min', minInterval: 1 },
    })),
    yAxis: diagrams.map((_, gridIndex) => ({ type: 'value', gridIndex, min: 0 })),
    series: diagrams.flatMap(({ lines }, index) =>
      lines.map(({ name, points }) => ({
        ...{ type: 'line' as const, name: `${index}: ${name}`, showSymbol: false },
        ...{ xAxisIndex: index, yAxisIndex: index, lineStyle: { width: 1 } },
        data: thinned(points).map(({ atSeconds, value }) => [atSeconds / 60, value]),
      })),
    ),
  });
}

/** Series are told apart by their diagram, as several have lines of the same name. */
function withoutIndex(name: string): string {
  return name.slice(name.indexOf(' ') + 1);
}

function thinned(points: Line['points']): Line['points'] {
  const step = Math.ceil(points.length / mostPoints);
  return points.filter((_, index) => index % Math.max(1, step) === 0);
}
