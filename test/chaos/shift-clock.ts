/**
 * Loaded before the program (`node --import`): sets its clock off by CHAOS_CLOCK_OFFSET_MS milliseconds,
 * as on a machine without time synchronisation. Timers, which count from a start, stay right.
 */
const offsetMs = Number(process.env['CHAOS_CLOCK_OFFSET_MS'] ?? 0);

if (!Number.isInteger(offsetMs)) {
  throw new Error(
    `Expected CHAOS_CLOCK_OFFSET_MS to be a whole number of milliseconds, got ${offsetMs}`,
  );
}

const TrueDate = Date;

if (offsetMs !== 0) {
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, given, newTarget): object =>
      Reflect.construct(
        target,
        given.length === 0 ? [TrueDate.now() + offsetMs] : given,
        newTarget === globalThis.Date ? target : newTarget,
      ) as object,
    get: (target, key, receiver): unknown =>
      key === 'now'
        ? () => TrueDate.now() + offsetMs
        : (Reflect.get(target, key, receiver) as unknown),
  });
}
