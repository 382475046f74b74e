import { Command } from 'commander';
import { apiClient, readSeconds } from './api-client.ts';

/** `pilotlight renew CLAIM`: moves the end of its lease. */
export function renewCommand(): Command {
  return new Command('renew')
    .description("move the end of a claim's lease; never shortens it")
    .argument('<claim>', 'claimId')
    .option('--lease <seconds>', "lease from now (the claim's own)", readSeconds)
    .action(async (claimId: string, { lease }: { lease?: number }) => {
      const renewed = await apiClient().renew(
        claimId,
        lease === undefined ? {} : { leaseSeconds: lease },
      );
      const until = renewed.lease === null ? 'has no lease' : `until ${renewed.lease.expiresAt}`;
      console.log(`claim ${claimId} ${until}`);
    });
}
