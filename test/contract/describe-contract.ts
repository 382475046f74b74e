import { admissionContract } from './admission.contract.ts';
import type { ApiClient } from './api-client.ts';
import { claimContract } from './claims.contract.ts';
import { leaseContract } from './leases.contract.ts';
import { podLifeContract } from './pod-life.contract.ts';
import { podContract } from './pods.contract.ts';
import { watchContract } from './watch.contract.ts';

/** The whole contract as tests within a `describe`; `connect` gives the cluster to hold to it. */
export function describeContract(connect: () => ApiClient): void {
  describe('pods', () => podContract(connect));
  describe('the life of pods', () => podLifeContract(connect));
  describe('lists and watches', () => watchContract(connect));
  describe('claims', () => claimContract(connect));
  describe('leases', () => leaseContract(connect));
  describe('admission', () => admissionContract(connect));
}
