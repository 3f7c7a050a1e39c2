/**
 * `npm run bench -- NAME [FILE…]`: does the same work with Kindred and with a peer, in turn.
 * `--rounds N` (default 3), for `pipeline` `--segments K` (default 6) and `--set name=value` for each deployment setting.
 * Prints tables on stderr and one JSON line per comparison on stdout. Peers in Python run in KINDRED_PYTHON (default python3).
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import type { BenchRequest } from './bench-request.ts';
import { benchBill } from './bill.ts';
import { benchCfnLint } from './cfn-lint.ts';
import { benchCluster } from './cluster.ts';
import { benchColdstart } from './coldstart.ts';
import { type Comparison, printComparison } from './comparison.ts';
import { benchEmbed } from './embed.ts';
import { benchIngest } from './ingest.ts';
import { benchLookups } from './lookups.ts';
import { benchPipeline } from './pipeline.ts';
import { benchRoundTrip } from './round-trip.ts';
import { benchSecondOpinion } from './second-opinion.ts';
import { benchTrain } from './train.ts';

const benches: Readonly<Record<string, (request: BenchRequest) => Promise<readonly Comparison[]>>> = {
  pipeline: benchPipeline,
  ingest: benchIngest,
  'cfn-lint': benchCfnLint,
  bill: benchBill,
  embed: benchEmbed,
  cluster: benchCluster,
  train: benchTrain,
  'round-trip': benchRoundTrip,
  'second-opinion': benchSecondOpinion,
  lookups: benchLookups,
  coldstart: benchColdstart,
};

try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      segments: { type: 'string', default: '6' },
      set: { type: 'string', multiple: true, default: [] },
    },
  });
  const [name = '', ...files] = positionals;
  const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
  if (bench === undefined) {
    throw new RangeError(`there is no bench "${name}"; allowed: ${Object.keys(benches).join(', ')}.`);
  }
  const comparisons = await bench({
    files,
    rounds: wholeNumber('--rounds', values.rounds, 1),
    segments: wholeNumber('--segments', values.segments, 2),
    settings: Object.fromEntries(values.set.map(setting)),
  });
  for (const comparison of comparisons) printComparison(comparison);
} catch (error) {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}

function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`${option} must be a whole number of ${least} or more, got "${text}".`);
  }
  return value;
}

function setting(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new RangeError(`--set takes name=value, got "${text}".`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}
