import { Command, Option } from 'commander';
import { readPoolStory } from '../client/read-pool-story.ts';
import type { StoryLine } from '../client/pool-story.ts';
import { formatTable } from './format-table.ts';
import { printData } from './print-data.ts';
import { readDuration } from './read-duration.ts';
import { withTemporal } from './servers.ts';

const examples = `
The story is read from the pool's history in Temporal, ended pools included, for as long as Temporal
keeps it. It tells who asked for what, and each pod's spawn, Ready, claim and end.

Examples:
  pilotlight events small
  pilotlight events small --since 1h --pod small-7
  pilotlight events small -o json`;

interface Options {
  since?: number;
  pod?: string;
  output?: 'json' | 'yaml';
}

/** `pilotlight events POOL`: what happened to a pool and its pods. */
export function eventsCommand(): Command {
  return new Command('events')
    .description('tell the story of a pool: who asked for what, what became of each pod')
    .argument('<pool>', 'name of the pool')
    .option('--since <time>', 'only what happened since, like 1h', readDuration)
    .option('--pod <name>', 'only what concerns this pod')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json', 'yaml']))
    .addHelpText('after', examples)
    .action(async (pool: string, { since, pod, output }: Options) => {
      const sinceMs = since === undefined ? 0 : Date.now() - since * 1000;
      const told = await withTemporal((temporal) => readPoolStory(temporal, pool, sinceMs));
      const lines = told.filter((line) => pod === undefined || line.pod === pod);
      if (output !== undefined) printData(lines, output);
      else console.log(lines.length === 0 ? 'Nothing happened.' : format(lines));
    });
}

function format(lines: StoryLine[]): string {
  return formatTable(
    ['TIME', 'POD', 'WHAT', 'BY'],
    lines.map(({ atMs, pod, text, who }) => [
      ...[new Date(atMs).toISOString(), pod ?? '', text, who ?? ''],
    ]),
  );
}
