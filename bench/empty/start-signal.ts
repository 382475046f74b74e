import { defineSignal } from '@temporalio/workflow';

/** Starts so many more activities. */
export const startSignal = defineSignal<[number]>('start');
