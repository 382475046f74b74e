/** A series of a chart. */
export interface Line {
  name: string;
  /** By time in seconds, rising. */
  points: { atSeconds: number; value: number }[];
}

const width = 720;
const height = 160;
const margin = 40;
const colours = ['#0b6e4f', '#c8553d', '#2b59c3', '#8a6d1f', '#6b2d5c'];

/** Charts one below the other as one SVG, each with an axis from 0 to its largest value. */
export function drawLines(charts: { title: string; lines: Line[] }[]): string {
  const drawn = charts.map((chart, index) => drawOne(chart, index * (height + margin)));
  const total = charts.length * (height + margin);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" font-family="sans-serif" font-size="12">\n<rect width="${width}" height="${total}" fill="#fff"/>\n${drawn.join('\n')}\n</svg>\n`;
}

function drawOne({ title, lines }: { title: string; lines: Line[] }, top: number): string {
  const points = lines.flatMap((line) => line.points);
  const most = Math.max(1e-9, ...points.map(({ value }) => value));
  const longest = Math.max(1, ...points.map(({ atSeconds }) => atSeconds));
  const bottom = top + height;
  const paths = lines.map(({ name, points: own }, index) => {
    const colour = colours[index % colours.length] ?? '#000';
    const at = own.map(({ atSeconds, value }) => {
      const x = margin + (atSeconds / longest) * (width - 2 * margin);
      const y = bottom - (value / most) * (height - margin);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    const legend = `<text x="${margin + 140 * index}" y="${bottom + 18}" fill="${colour}">${name}</text>`;
    return `<polyline fill="none" stroke="${colour}" points="${at.join(' ')}"/>${legend}`;
  });
  const axis = `<path d="M${margin} ${top + margin}V${bottom}H${width - margin}" stroke="#888" fill="none"/>`;
  const heading = `<text x="${margin}" y="${top + 22}" font-size="14">${title}, at most ${Number(most.toPrecision(3))}, ${Math.round(longest)} s</text>`;
  return [heading, axis, ...paths].join('\n');
}
