import * as z from 'zod';
import { listUncommitted, readCommit } from '../../storage/committed-files.ts';
import { hasNewerMatrix, readMatrixCommit } from '../../storage/committed-matrices.ts';
import { Executions } from '../../storage/executions.ts';
import { importsPrefix, matricesPrefix } from '../../storage/keys.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { RunLease } from '../../storage/run-lease.ts';
import { stateFunction } from '../wiring/state-function.ts';

/** Starts a run unless something says that it is too early: asked after each commit's quiet time, and once a day. */

const inputSchema = z.union([
  /** Asked by the Quiet state machine for the commit that started it. */
  z.object({ commitKey: z.string().startsWith(importsPrefix) }),
  /** The same for the commit of a matrix of the team's own vectors. */
  z
    .object({ commitKey: z.string().startsWith(matricesPrefix) })
    .transform(({ commitKey }) => ({ matrixId: commitKey.slice(matricesPrefix.length, -'.json'.length) })),
  /** Asked by the daily schedule (an EventBridge scheduled event). */
  z
    .object({ source: z.literal('aws.events'), time: z.iso.datetime() })
    .transform(({ time }) => ({ day: time.slice(0, 10) })),
]);
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
  readonly registry: RegistryTable;
  readonly executions: Executions;
  readonly lease: RunLease;
  readonly stateMachineArn: string;
  readonly quietMs: number;
  readonly nowMs: () => number;
}

interface Decision {
  readonly started: boolean;
  readonly reason: string;
  /** True where nobody else will ask again: the asker waits another quiet time. */
  readonly askAgain: boolean;
}

/** A listing gives times in whole seconds. */
const listingResolutionMs = 1000;
/** A file that is not committed after this long has lost its event or its function; the run itself takes it in. */
const ingestLimitMs = 15 * 60_000;

export async function startRunWhenQuiet(input: Input, deps: Deps): Promise<Decision> {
  const { objects, nowMs } = deps;
  if ('matrixId' in input) return startOnMatrix(input.matrixId, deps);
  if ('commitKey' in input && (await hasLaterCommit(input.commitKey, deps))) {
    return { started: false, reason: 'a later file was committed; its own wait decides', askAgain: false };
  }
  const arriving = (await listUncommitted(objects)).filter(
    ({ modifiedAtMs }) => nowMs() - modifiedAtMs < ingestLimitMs,
  );
  if (arriving.length > 0) {
    // A file that cannot be taken in makes no commit, and so nobody else who would ask.
    return { started: false, reason: `${arriving.length} files are being taken in`, askAgain: true };
  }
  if (!(await hasNews(deps))) {
    return {
      started: false,
      reason: 'nothing was committed since the last run that took the files in',
      askAgain: false,
    };
  }
  const name = 'commitKey' in input ? `quiet-${importIdIn(input.commitKey)}` : `schedule-${input.day}`;
  const trigger = 'commitKey' in input ? 'quiet' : 'schedule';
  return startUnlessRunning(name, { trigger }, deps);
}

/** Of the matrices that were dropped the newest is clustered, whatever files arrive meanwhile. */
async function startOnMatrix(matrixId: string, deps: Deps): Promise<Decision> {
  const matrix = await readMatrixCommit(deps.objects, matrixId);
  if (matrix.status === 'rejected') {
    return { started: false, reason: `the matrix was refused; ${matrix.reportKey} says why`, askAgain: false };
  }
  if (await hasNewerMatrix(deps.objects, matrix)) {
    return { started: false, reason: 'a later matrix was committed; its own wait decides', askAgain: false };
  }
  return startUnlessRunning(`vectors-${matrixId}`, { trigger: 'vectors', matrixId }, deps);
}

async function startUnlessRunning(
  name: string,
  input: object,
  { lease, executions, stateMachineArn }: Deps,
): Promise<Decision> {
  const { outcome } = await lease.start(executions, stateMachineArn, name, input);
  if (outcome === 'refused') return { started: false, reason: 'a run is in progress', askAgain: true };
  const started = outcome === 'started';
  return { started, reason: started ? `started ${name}` : `${name} was started before`, askAgain: false };
}

async function hasLaterCommit(commitKey: string, { objects, nowMs, quietMs }: Deps): Promise<boolean> {
  const own = await readCommit(objects, commitKey);
  const recent = (await objects.list(importsPrefix)).filter(
    ({ key, modifiedAtMs }) => key !== commitKey && modifiedAtMs > nowMs() - quietMs - 60_000 - listingResolutionMs,
  );
  const others = await Promise.all(recent.map(({ key }) => readCommit(objects, key)));
  return others.some(
    (other) =>
      other.committedAt > own.committedAt || (other.committedAt === own.committedAt && other.importId > own.importId),
  );
}

async function hasNews({ objects, registry }: Deps): Promise<boolean> {
  const [run, commits] = await Promise.all([registry.findLastLakeRun(), objects.list(importsPrefix)]);
  const sinceMs = run ? Date.parse(run.startedAt) - listingResolutionMs : 0;
  return commits.some(({ modifiedAtMs }) => modifiedAtMs >= sinceMs);
}

/** `imports/<key hash>/<etag>.<importId>.json` -> importId */
function importIdIn(commitKey: string): string {
  return commitKey.slice(commitKey.lastIndexOf('.', commitKey.length - '.json'.length - 1) + 1, -'.json'.length);
}

export const handler = stateFunction({
  name: 'start-run-when-quiet',
  input: inputSchema,
  createDeps: (environment) => {
    const registry = new RegistryTable(environment.REGISTRY_TABLE);
    const executions = new Executions();
    return {
      objects: new ObjectStore(environment.BUCKET_NAME),
      registry,
      executions,
      lease: new RunLease(registry, (executionArn) => executions.stateOf(executionArn), Date.now),
      stateMachineArn: environment.RUN_STATE_MACHINE_ARN,
      quietMs: environment.QUIET_SECONDS * 1000,
      nowMs: Date.now,
    };
  },
  step: startRunWhenQuiet,
});
