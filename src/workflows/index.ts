/** The workflows of a worker: what is exported here is registered under its name. */
export { poolWorkflow } from './pool.ts';
export { watchWorkflow } from './watch.ts';
