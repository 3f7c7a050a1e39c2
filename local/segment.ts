/**
 * `npm run segment -- FILE… [--k N] [--model NAME] [--dims D] [--out DIR]`: the whole pipeline on the user's own files.
 * Exit code 1 where a file could not be taken in, or the run did not go live.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import type { Settings } from '../contracts/settings.ts';
import { fileStatus, runFiles } from './file-run.ts';
import { importLines } from './import-lines.ts';
import { laptopSettings } from './laptop-settings.ts';
import { writeResults } from './run-results.ts';
import { percent, segmentTable } from './segment-table.ts';
import { drawStages, type StageDrawing } from './stage-drawing.ts';

const usage = `usage: npm run segment -- FILE… [--k N] [--model NAME] [--dims D] [--out DIR]
  FILE    exports of a shop: customers, products, sales, orders or reviews (CSV with a header line, also .gz)
  --k     how many segments (default: chosen from the data)
  --model encoder, a folder of model-container/models (default: by the language of the texts)
  --dims  dimensions of a customer's vector (default 100)
  --out   where assignments.csv, segments.json and report.json go (default kindred-out)`;

const { stdout } = process;
const line = (text = '') => stdout.write(`${text}\n`);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      k: { type: 'string' },
      model: { type: 'string' },
      dims: { type: 'string' },
      out: { type: 'string', default: 'kindred-out' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || positionals.length === 0) {
    line(usage);
    return values.help ? 0 : 1;
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'kindred-segment-'));
  try {
    const settings: Partial<Record<keyof Settings, unknown>> = {
      ...laptopSettings,
      lakePartitions: await partitionsFor(positionals),
      quietSeconds: 1,
      ...(values.k === undefined ? {} : { segments: values.k }),
      ...(values.model === undefined ? {} : { model: values.model }),
      ...(values.dims === undefined ? {} : { vectorDims: values.dims }),
    };
    return await segment(positionals, settings as Partial<Settings>, resolve(values.out), dataDir);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** One process works through this much at ease; the same files give the same number, and so the same bytes. */
const bytesPerPartition = 64 * 1024 * 1024;

async function partitionsFor(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (path) => (await fileStatus(path)).size));
  return Math.max(1, Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / bytesPerPartition));
}

async function segment(
  files: readonly string[],
  settings: Partial<Settings>,
  outDir: string,
  dataDir: string,
): Promise<number> {
  let drawing: StageDrawing | undefined;
  line('Starting the embedded cloud …');
  const fileRun = await runFiles({
    files,
    dataDir,
    settings,
    seed: 1,
    log: (text) => process.stderr.write(`${text}\n`),
    onCloudUp: () => line(`Dropping ${files.length} file(s) …`),
    onStages: (stages) => {
      drawing = drawStages(stages, stdout, () => performance.now());
      return (stage) => drawing?.changed(stage);
    },
  });
  const { cloud, api, run, reports, tookMs } = fileRun;
  drawing?.end();
  try {
    line();
    for (const text of reports.flatMap(importLines)) line(text);
    const isLive = run.status === 'LIVE';
    if (isLive) {
      line();
      line(
        `${run.customers?.toLocaleString('en')} customers in ${run.segments} segments, ` +
          `${run.prospects?.toLocaleString('en')} prospects without interactions; ${(tookMs / 1000).toFixed(1)} s`,
      );
      line(segmentTable(await api.segments(), stdout.columns ?? 110));
      if (run.evaluation) {
        const { heldOutCustomers, accuracy, macroF1, majorityBaseline } = run.evaluation;
        line(
          `Classifier on ${heldOutCustomers.toLocaleString('en')} held-out customers: accuracy ${percent(accuracy)}, ` +
            `macro-F1 ${macroF1.toFixed(3)}, majority baseline ${percent(majorityBaseline)}`,
        );
      }
    } else {
      line();
      line(`The run ended ${run.status}: ${run.reason ?? 'no reason given'}`);
    }
    const written = await writeResults(outDir, fileRun);
    line();
    for (const path of written) line(`wrote ${path}`);
    return isLive && reports.every(({ status }) => status === 'accepted') ? 0 : 1;
  } finally {
    await cloud.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`);
  process.exitCode = 1;
}
