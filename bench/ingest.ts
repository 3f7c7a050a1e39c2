import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BenchRequest } from './bench-request.ts';
import { alternate, type Comparison, median, printTable, requireAgreement, rounded, spread } from './comparison.ts';
import { peerVersions, runPeer } from './python-peer.ts';
import { type ReaderName, type Reading, readingSchema } from './reading.ts';
import { shopFiles } from './shop-files.ts';

const run = promisify(execFile);
const readerScript = fileURLToPath(new URL('./ingest-reader.ts', import.meta.url));

/**
 * Reading one file of order lines, a process each: FileIngest (decode, map, clean, check, dedupe, pseudonymise) against csv-parse, which
 * parses alone, and against pandas, which reads and drops what has no customer and what is repeated. Kindred and pandas must keep as many
 * rows, Kindred and csv-parse must see as many. Inflating the file counts, starting the process does not.
 */
export async function benchIngest(request: BenchRequest): Promise<readonly Comparison[]> {
  const { job, linesPath } = await shopFiles(request.files);
  const pandas = await peerVersions(['pandas', 'numpy']);
  const { ours, theirs } = await alternate(
    request.rounds,
    () => readWith('kindred', linesPath),
    async () => ({
      csvParse: await readWith('csv-parse', linesPath),
      pandas: (await runPeer('ingest.py', [job, linesPath], readingSchema)).answer,
    }),
  );
  const peers: readonly (readonly [string, readonly Reading[]])[] = [
    ['csv-parse, parsing only', theirs.map(({ csvParse }) => csvParse)],
    [pandas, theirs.map(({ pandas: reading }) => reading)],
  ];
  const [{ read, kept }] = ours as [Reading];
  const [parsed, cleaned] = [theirs[0]!.csvParse, theirs[0]!.pandas];
  requireAgreement(read === parsed.read, `Kindred read ${read} rows, csv-parse ${parsed.read}.`);
  requireAgreement(kept === cleaned.kept, `Kindred kept ${kept} rows, pandas ${cleaned.kept}.`);
  printTable(
    ['reader', 'seconds', 'rows/s', 'peak MB', 'rows kept'],
    ([['Kindred', ours], ...peers] as const).map(([name, readings]) => [
      name,
      spread(readings.map(({ seconds }) => seconds)),
      rounded(read / median(readings.map(({ seconds }) => seconds))),
      rounded(median(readings.map(({ peakMegabytes }) => peakMegabytes))),
      readings[0]!.kept,
    ]),
  );
  const work = `${read} order lines, ${kept} kept`;
  return peers.flatMap(([peer, readings]): Comparison[] => [
    { bench: 'ingest', work, peer, ours: speed(ours), theirs: speed(readings), unit: 'rows/s' },
    { bench: 'ingest', work: `${work}, peak memory`, peer, ours: peak(ours), theirs: peak(readings), unit: 'MB' },
  ]);
}

function speed(readings: readonly Reading[]): number {
  return readings[0]!.read / median(readings.map(({ seconds }) => seconds));
}

function peak(readings: readonly Reading[]): number {
  return median(readings.map(({ peakMegabytes }) => peakMegabytes));
}

async function readWith(reader: ReaderName, path: string): Promise<Reading> {
  const { stdout } = await run(process.execPath, [readerScript, reader, path]);
  return readingSchema.parse(JSON.parse(stdout));
}
