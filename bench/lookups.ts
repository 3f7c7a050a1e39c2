import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { batchGetAnswer, customerSegmentAnswer } from '../contracts/api.ts';
import { type FileRun, runFiles } from '../local/file-run.ts';
import { laptopSettings } from '../local/laptop-settings.ts';
import type { BenchRequest } from './bench-request.ts';
import { type Measurement, note, printMeasurement, printTable, rounded } from './comparison.ts';
import { readShopFile, shopFiles } from './shop-files.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

const lookUpCount = 10_000;
const batchCount = 50;
const idsPerBatch = 100;
const inFlight = 50;
const customerId = z.object({ customer_id: z.string().optional(), CustomerID: z.string().optional() });

/** A look-up was not answered as it should be. */
class WrongAnswerError extends Error {
  override readonly name = 'WrongAnswerError';
  readonly code = 'WRONG_ANSWER';
  readonly retryable = false;
}

/**
 * Look-ups over HTTP on the embedded cloud, with 50 in flight: 10,000 of single customers, then 50 of 100 each. Every answer is checked to be
 * that of the customer asked for; one that is not, or none, ends the bench.
 */
export async function benchLookups(request: BenchRequest): Promise<readonly []> {
  const files = await shopFiles(request.files);
  const ids = await customersIn(files.linesPath);
  await withTemporaryFolder(async (dataDir) => {
    const settings = { ...laptopSettings, quietSeconds: 1, segments: request.segments, ...request.settings };
    const { cloud } = await runFiles({
      files: files.paths,
      dataDir,
      settings,
      seed: 1,
      log: note,
      onCloudUp: () => {},
      onStages: () => () => {},
    });
    try {
      const single = await timed(lookUpCount, (at) => lookUp(cloud, ids[at % ids.length]!));
      const batches = await timed(batchCount, (at) => lookUpBatch(cloud, batchOf(ids, at)));
      report('single customers', single);
      report(`batches of ${idsPerBatch} customers`, batches);
    } finally {
      await cloud.close();
    }
  });
  return [];
}

type Cloud = FileRun['cloud'];

async function customersIn(path: string): Promise<string[]> {
  const rows = z.array(customerId).parse(parse(await readShopFile(path), { columns: true }));
  const ids = rows.map(({ customer_id, CustomerID }) => customer_id ?? CustomerID ?? '');
  return [...new Set(ids.filter((id) => id !== ''))];
}

function batchOf(ids: readonly string[], at: number): string[] {
  return Array.from({ length: Math.min(idsPerBatch, ids.length) }, (_, i) => ids[(at * idsPerBatch + i) % ids.length]!);
}

async function lookUp({ endpoints }: Cloud, id: string): Promise<void> {
  const response = await fetch(`${endpoints.api}/customers/${encodeURIComponent(id)}/segment`, {
    headers: { authorization: `Bearer ${endpoints.tokens.reader}` },
  });
  const answer = customerSegmentAnswer.safeParse(await response.json());
  if (response.status !== 200 || answer.data?.customerId !== id) throw wrongAnswer(response.status);
}

async function lookUpBatch({ endpoints }: Cloud, customerIds: readonly string[]): Promise<void> {
  const response = await fetch(`${endpoints.api}/customers/segments:batchGet`, {
    method: 'POST',
    headers: { authorization: `Bearer ${endpoints.tokens.reader}`, 'content-type': 'application/json' },
    body: JSON.stringify({ customerIds }),
  });
  const answer = batchGetAnswer.safeParse(await response.json());
  const got = answer.data?.data.map((one) => one.customerId);
  if (response.status !== 200 || got?.join() !== customerIds.join()) throw wrongAnswer(response.status);
}

function wrongAnswer(status: number): WrongAnswerError {
  return new WrongAnswerError(
    `a look-up was answered ${status}, or not as asked for; 200 with that customer is expected.`,
  );
}

interface Timed {
  readonly seconds: number;
  /** In ascending order. */
  readonly latenciesMs: readonly number[];
}

/** Makes `count` requests, 50 at any time. */
async function timed(count: number, request: (at: number) => Promise<void>): Promise<Timed> {
  const latenciesMs: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      const startedMs = performance.now();
      await request(at);
      latenciesMs.push(performance.now() - startedMs);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { seconds: (performance.now() - startedMs) / 1000, latenciesMs: latenciesMs.sort((a, b) => a - b) };
}

function report(what: string, { seconds, latenciesMs }: Timed): void {
  const percentile = (share: number) => rounded(latenciesMs[Math.ceil(latenciesMs.length * share) - 1]!);
  const measurement: Measurement = {
    bench: 'lookups',
    work: `${latenciesMs.length} look-ups of ${what}, ${inFlight} in flight`,
    errors: 0,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    maxMs: percentile(1),
    perSecond: rounded(latenciesMs.length / seconds),
  };
  printTable(Object.keys(measurement), [Object.values(measurement)]);
  printMeasurement(measurement);
}
