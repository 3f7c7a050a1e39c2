import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { adjustedRandIndex } from '../segmentation/clustering/adjusted-rand-index.ts';
import type { BenchRequest } from './bench-request.ts';
import {
  alternate,
  type Comparison,
  median,
  note,
  printTable,
  requireAgreement,
  rounded,
  spread,
} from './comparison.ts';
import { encoderFolder } from './encoder-folder.ts';
import { type KindredRun, runKindred } from './kindred-run.ts';
import { type PeerRun, peerVersions, runPeer } from './python-peer.ts';
import { type ShopFiles, shopFiles } from './shop-files.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

const peerAnswer = z.object({
  seconds: z.record(z.string(), z.number()),
  customers: z.int(),
  lines: z.int(),
  texts: z.int(),
  sizes: z.array(z.int()),
  accuracy: z.number(),
});

interface ScriptRun extends PeerRun<z.infer<typeof peerAnswer>> {
  readonly labels: ReadonlyMap<string, string>;
}

/**
 * From files to live segments: the whole embedded cloud, from the first PUT to the first look-up answered over HTTP, against a Python
 * script of the same job that writes labels to a file. Both must find the same customers and the same distinct texts; the clusters
 * themselves differ, since the vectors do (weights of events, behaviour, scaling), and how far they agree is printed.
 */
export async function benchPipeline(request: BenchRequest): Promise<readonly Comparison[]> {
  const files = await shopFiles(request.files);
  const peer = await peerVersions(['pandas', 'onnxruntime', 'scikit-learn', 'scipy', 'tokenizers', 'numpy']);
  const settings = { quietSeconds: 1, segments: request.segments, ...request.settings };
  const { ours, theirs } = await alternate(
    request.rounds,
    () => runKindred(files, settings),
    () => runScript(files, request.segments),
  );
  printOurs(ours);
  printTheirs(theirs);
  compareAnswers(ours.at(-1)!, theirs.at(-1)!);
  const { customers, lines, texts } = theirs[0]!.answer;
  return [
    {
      bench: 'pipeline',
      work: `${lines} lines, ${customers} customers, ${texts} texts, ${request.segments} segments: files to look-up`,
      peer,
      ours: median(ours.map(({ seconds }) => seconds)),
      theirs: median(theirs.map(({ wallSeconds }) => wallSeconds)),
      unit: 's',
    },
  ];
}

async function runScript({ job, paths }: ShopFiles, segments: number): Promise<ScriptRun> {
  return withTemporaryFolder(async (folder) => {
    const labelsFile = join(folder, 'labels.csv');
    const args = [job, encoderFolder, String(segments), String(vectorDims), labelsFile, ...paths];
    const run = await runPeer('pipeline.py', args, peerAnswer);
    const rows: string[][] = parse(await readFile(labelsFile), { from: 2 });
    return { ...run, labels: new Map(rows.map(([customer, label]) => [customer!, label!])) };
  });
}

/** Kindred's default, given to the script. */
const vectorDims = 100;

/** States that only decide take less. */
const shortestShownSeconds = 0.005;

function printOurs(runs: readonly KindredRun[]): void {
  note(`Kindred, medians of ${runs.length} rounds; a new cloud each (started in ${startsOf(runs)} s, not counted)`);
  const working = runs[0]!.stages.filter(({ seconds }) => seconds >= shortestShownSeconds);
  const stages = working.map(({ name }) => {
    const own = runs.flatMap((run) => run.stages.filter((stage) => stage.name === name));
    return [
      name,
      ...[own.map(({ start }) => start), own.map(({ seconds }) => seconds)].map((all) => rounded(median(all))),
    ];
  });
  printTable(['state', 'begins after s', 'takes s'], stages);
  const functions = runs[0]!.functions.map(({ name, invocations }) => {
    const own = runs.flatMap((run) => run.functions.filter((one) => one.name === name));
    const columns = [own.map(({ totalSeconds }) => totalSeconds), own.map(({ longestSeconds }) => longestSeconds)];
    return [name, invocations, ...columns.map((all) => rounded(median(all)))];
  });
  printTable(['function', 'invocations', 'together s', 'longest s, its wait for a process included'], functions);
  note(`quiet wait ${spread(runs.map(({ quietSeconds }) => quietSeconds))} s, not counted`);
  note(`PUT to look-up ${spread(runs.map(({ seconds }) => seconds))} s`);
}

function startsOf(runs: readonly KindredRun[]): string {
  return spread(runs.map(({ cloudStartSeconds }) => cloudStartSeconds));
}

function printTheirs(runs: readonly ScriptRun[]): void {
  note(`the Python script, medians of ${runs.length} rounds`);
  const insides = runs.map(({ answer }) => Object.values(answer.seconds).reduce((sum, one) => sum + one, 0));
  const stages = Object.keys(runs[0]!.answer.seconds).map((name) => [
    name,
    rounded(median(runs.map(({ answer }) => answer.seconds[name]!))),
  ]);
  const starts = runs.map(({ wallSeconds }, at) => wallSeconds - insides[at]!);
  printTable(['stage', 'takes s'], [...stages, ['start and end of the process', rounded(median(starts))]]);
  note(`whole process ${spread(runs.map(({ wallSeconds }) => wallSeconds))} s`);
}

function compareAnswers(ours: KindredRun, { answer, labels }: ScriptRun): void {
  requireAgreement(
    ours.customers === answer.customers,
    `Kindred has ${ours.customers} customers, the script ${answer.customers}.`,
  );
  requireAgreement(
    ours.texts === answer.texts,
    `Kindred has ${ours.texts} distinct texts, the script ${answer.texts}.`,
  );
  const shared = [...labels.keys()].filter((customer) => ours.segments.has(customer));
  requireAgreement(
    shared.length === answer.customers,
    `${shared.length} of ${answer.customers} customers are in both results.`,
  );
  const agreement = adjustedRandIndex(
    numbered(shared.map((customer) => ours.segments.get(customer)!)),
    numbered(shared.map((customer) => labels.get(customer)!)),
  );
  note(`both have the same ${answer.customers} customers and as many distinct texts, ${answer.texts}`);
  note(
    `adjusted Rand index of the clusterings ${rounded(agreement)}: other weights make other clusters; ` +
      `classifier accuracy on held-out customers ${rounded(ours.accuracy)} here, ${rounded(answer.accuracy)} there`,
  );
}

function numbered(names: readonly string[]): Int32Array {
  const numbers = new Map([...new Set(names)].map((name, number) => [name, number]));
  return Int32Array.from(names, (name) => numbers.get(name)!);
}
