/** Longest value quoted in an error: one line of a terminal. */
const maxShownLength = 100;

/** What was given, for an error message: JSON of at most 100 characters, whatever it is. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  try {
    // JSON.stringify gives undefined for a function or symbol, whatever its declared type says.
    const text = JSON.stringify(value) as string | undefined;
    return (text ?? typeof value).slice(0, maxShownLength);
  } catch {
    return typeof value;
  }
}
