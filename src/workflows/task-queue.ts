/** The task queue of workers and workflows unless configured otherwise; of itself it loads nothing. */
export const defaultTaskQueue = 'pilotlight';
