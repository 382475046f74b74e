import { Command } from 'commander';
import { apiClient } from './api-client.ts';

/** `pilotlight release CLAIM`: ends a claim; its pod is deleted. */
export function releaseCommand(): Command {
  return new Command('release')
    .description('end a claim and delete its pod')
    .argument('<claim>', 'claimId')
    .option('--reason <reason>', 'why; `unhealthy` is counted and shown by the pool')
    .action(async (claimId: string, { reason }: { reason?: string }) => {
      const { hadEnded } = await apiClient().release(
        claimId,
        reason === undefined ? {} : { reason },
      );
      console.log(`claim ${claimId} ${hadEnded ? 'had ended before' : 'released'}`);
    });
}
