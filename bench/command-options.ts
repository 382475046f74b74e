/** Options that several commands of the benchmarks have. */
import { Option, type Command } from 'commander';
import { clusterKinds, type ClusterKind } from '../dev/clusters/start-cluster.ts';
import { heartbeatProfiles, type HeartbeatProfile } from '../src/workers/configuration.ts';
import type { CommonOptions } from './measure-on-stage.ts';
import { wholeNumber } from './whole-number.ts';

/** The options of the benchmarks of claims. */
export interface ClaimOptions extends CommonOptions {
  claimIds?: true;
  parts: number;
  replicas: number;
}

/** Which cluster to start; the command says which unless told. */
export function clusterOption(): Option {
  return new Option('--cluster <kind>', 'the cluster to start').choices(clusterKinds);
}

/** The worker's profile of heartbeats. */
export function heartbeatsOption(): Option {
  return new Option('--heartbeats <profile>', "the worker's setting")
    .choices(heartbeatProfiles)
    .default('default' satisfies HeartbeatProfile);
}

/** Adds what every measurement takes. */
export function addCommonOptions(command: Command): Command {
  return command
    .addOption(clusterOption().default('simulated' satisfies ClusterKind))
    .option('--json', 'print one JSON object instead of tables')
    .option('--profile <folder>', 'write CPU profiles of our processes there');
}

/** Adds what every measurement of claims takes. */
export function addClaimOptions(command: Command): Command {
  return addCommonOptions(command)
    .addOption(
      new Option('--parts <number>', 'measured parts, each of ours and of the floor')
        .argParser(wholeNumber(1, 50))
        .default(3),
    )
    .option('--claim-ids', 'callers name their claims, which makes each one retryable')
    .addOption(
      new Option('--replicas <number>', 'replicas of the API')
        .argParser(wholeNumber(1, 10))
        .default(1),
    );
}
