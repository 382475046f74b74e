import { Command, Option } from 'commander';
import { apiClient } from './api-client.ts';
import { formatClaims } from './format-claims.ts';

/** `pilotlight claims [POOL]`: who holds which pods. */
export function claimsCommand(): Command {
  return new Command('claims')
    .description('list the claims')
    .argument('[pool]', 'only those of this pool')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json']))
    .action(async (pool: string | undefined, { output }: { output?: 'json' }) => {
      const claims = await apiClient().list(pool === undefined ? {} : { pool });
      if (output === 'json') console.log(JSON.stringify(claims, null, 2));
      else if (claims.length === 0) console.log('There are no claims.');
      else console.log(formatClaims(claims, Date.now()));
    });
}
