/** What `bench -- all` writes, and `bench -- report` reads. */
import { z } from 'zod';
import type { ClaimsReport } from './claims-report.ts';
import type { FillReport } from './fill.ts';
import type { GrowthReport } from './growth.ts';
import type { QuietReport } from './quiet.ts';
import type { RestartReport } from './restart.ts';

/** What one command reports. */
export type Report = FillReport | ClaimsReport | QuietReport | GrowthReport | RestartReport;

const benchmarks = ['fill', 'claims', 'burst', 'quiet', 'growth', 'restart'] as const;

const schema = z.object({
  version: z.literal(1),
  startedAt: z.iso.datetime(),
  quick: z.boolean(),
  cluster: z.string(),
  machine: z.object({
    cpus: z.number(),
    model: z.string(),
    memoryGb: z.number(),
    node: z.string(),
  }),
  results: z.array(
    z.object({
      name: z.string(),
      command: z.string(),
      /** Load average of the minute before. */
      load: z.number(),
      /** Servers and warm-up included. */
      tookSeconds: z.number(),
      report: z.looseObject({ benchmark: z.enum(benchmarks) }).nullable(),
      /** Why there is no report. */
      error: z.string().nullable(),
    }),
  ),
});

/** One measurement that was made, or failed. */
export interface Result {
  name: string;
  command: string;
  load: number;
  tookSeconds: number;
  report: Report | null;
  error: string | null;
}

/** All measurements of one `bench -- all`. */
export interface Results {
  version: 1;
  startedAt: string;
  quick: boolean;
  cluster: string;
  machine: { cpus: number; model: string; memoryGb: number; node: string };
  results: Result[];
}

/** Reads a file's text. Raises an error that names the field which is not as expected. */
export function readResults(text: string): Results {
  const read = schema.safeParse(JSON.parse(text));
  if (read.success) {
    // The reports are written by this very program: their kind is checked, not each figure.
    return read.data as unknown as Results;
  }
  const wrong = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`Expected the results of \`bench -- all\`. ${wrong.join('. ')}`);
}
