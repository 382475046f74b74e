import type { Facts, Span } from './span.ts';

/**
 * Does the work of a span and ends the span with it. Resolves and rejects as the work does. `tell` says
 * what came out; `faultOf` gives the code of an error.
 */
export async function traced<T>(options: {
  span: Span;
  work: () => Promise<T>;
  tell: (result: T) => Facts;
  faultOf: (error: unknown) => string;
}): Promise<T> {
  const { span, work, tell, faultOf } = options;
  try {
    const result = await work();
    span.tell(tell(result));
    span.end();
    return result;
  } catch (error) {
    span.end(faultOf(error));
    throw error;
  }
}
