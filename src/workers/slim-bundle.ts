import { thinMappings } from './thin-mappings.ts';

/** Where a bundle carries its source map: at its end, as the worker demands. */
const mapMarker = '\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,';

/**
 * The worker notes the stack of every promise that a workflow makes, some ten for each pod that it starts.
 * With the usual ten frames that is a quarter of all that a workflow's thread does, and of each replay;
 * three still show where an error of ours came from. To be set by the bundle itself: all that JavaScript
 * comes with is frozen before a workflow runs. On the first line, so that all lines stay where they were.
 */
const shortStacks = 'Error.stackTraceLimit = 3; ';

/**
 * A bundle of workflows that takes a quarter of the memory, of which each thread holds several copies:
 * without the sources in its source map, which stack traces don't show, without characters beyond
 * Latin-1, one of which, in any comment, makes each of two million take two bytes, and with a source map
 * of lines, whose reader would else fill 6 MB with words. Its stacks are short. Raises for a bundle
 * without a source map.
 */
export function slimBundle(code: string): string {
  const end = code.lastIndexOf(mapMarker);
  if (end < 0) throw new Error('Expected the bundle to end with a source map in base64, got none');
  const encoded = code.slice(end + mapMarker.length).trimEnd();
  const map = JSON.parse(Buffer.from(encoded, 'base64').toString()) as BundleMap;
  delete map.sourcesContent;
  map.mappings = thinMappings(map.mappings);
  map.names = [];
  const slim = Buffer.from(JSON.stringify(map)).toString('base64');
  return `${shortStacks}${escaped(code.slice(0, end))}${mapMarker}${slim}`;
}

/** What is changed of a source map. */
interface BundleMap {
  mappings: string;
  names: string[];
  sourcesContent?: string[];
}

/** Written so that JavaScript reads the same. The columns of what follows in such a line move a little. */
function escaped(code: string): string {
  return code.replace(
    /[^\0-\xff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
