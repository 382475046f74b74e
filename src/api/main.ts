/**
 * Where a replica of the API starts. Half of its start was the compilation of the code that it loads,
 * so compiled code is kept: the second start of a release, and the first in an image, take 0.3 s less.
 */
import { keepCompiledCode } from '../configuration/compiled-code.ts';

keepCompiledCode(process.env);
// Only now: what is imported at the top is compiled before anything runs.
await import('./start.ts');
