import { Command, Option } from 'commander';
import { apiClient } from './api-client.ts';
import { formatClaims } from './format-claims.ts';
import { printData } from './print-data.ts';

const examples = `
Examples:
  pilotlight claims small -o wide
  pilotlight claims -o json | jq '.[] | select(.state == "lost") | .claimId'`;

/** `pilotlight claims [POOL]`: who holds which pods. */
export function claimsCommand(): Command {
  return new Command('claims')
    .description('list the claims')
    .argument('[pool]', 'only those of this pool')
    .addOption(
      new Option('-o, --output <format>', 'output format').choices(['json', 'yaml', 'wide']),
    )
    .addHelpText('after', examples)
    .action(async (pool: string | undefined, { output }: { output?: 'json' | 'yaml' | 'wide' }) => {
      const claims = await apiClient().list(pool === undefined ? {} : { pool });
      if (output === 'json' || output === 'yaml') printData(claims, output);
      else if (claims.length === 0) console.log('There are no claims.');
      else console.log(formatClaims({ claims, nowMs: Date.now(), isWide: output === 'wide' }));
    });
}
