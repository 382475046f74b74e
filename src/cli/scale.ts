import { Command, InvalidArgumentError } from 'commander';
import { withPools } from './servers.ts';

/** `pilotlight scale NAME N`: sets the target. The pool checks it against its maxPods. */
export function scaleCommand(): Command {
  return new Command('scale')
    .description('set how many pods a pool keeps warm')
    .argument('<name>', 'name of the pool')
    .argument('<target>', 'warm pods wanted', readTarget)
    .action(async (name: string, target: number) => {
      const status = await withPools((pools) => pools.resize(name, target));
      console.log(`pool ${name} scaled to ${status.target}`);
    });
}

function readTarget(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}
