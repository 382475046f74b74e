/** The tables beside a flame graph, as Markdown. */
import { selfTimes, type Frame } from './cpu-profile.ts';

/** Functions shown: the fifteenth has about a hundredth of the time. */
const shownFunctions = 15;

/** Origins shown; the rest are packages of less than a hundredth each. */
const shownOrigins = 15;

/** Who spends the time, by where it is from and by function; of their own, without what they call. */
export function formatProfile(root: Frame, title: string): string {
  const seconds = (root.totalMs / 1000).toFixed(2);
  const rows = (keyOf: (frame: Frame) => string, shown: number): string[] =>
    selfTimes(root, keyOf)
      .slice(0, shown)
      .map(({ key, selfMs }) => {
        const share = ((selfMs / root.totalMs) * 100).toFixed(1);
        return `| ${key} | ${selfMs.toFixed(0)} | ${share} % |`;
      });
  return [
    `# ${title}`,
    '',
    `${seconds} s at work.`,
    '',
    '| from | own ms | share |',
    '| --- | ---: | ---: |',
    ...rows(({ origin }) => origin, shownOrigins),
    '',
    '| function | own ms | share |',
    '| --- | ---: | ---: |',
    ...rows(({ name, origin }) => `\`${name}\` ${origin}`, shownFunctions),
    '',
  ].join('\n');
}
