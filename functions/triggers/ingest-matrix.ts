import { createHash } from 'node:crypto';
import * as z from 'zod';
import {
  type MatrixCommit,
  type MatrixReport,
  matrixCommitSchema,
  matrixReportSchema,
} from '../../contracts/matrices.ts';
import { createPseudonymizer } from '../../segmentation/privacy/pseudonyms.ts';
import { rejectSamples } from '../../segmentation/records/reject-samples.ts';
import { writeRejectsCsv } from '../../segmentation/records/rejects-csv.ts';
import { countByCode } from '../../segmentation/records/row-verdicts.ts';
import { type IngestedMatrix, ingestMatrixFiles } from '../../segmentation/vectors/matrix-ingest.ts';
import type { OwnVectorsPart } from '../../segmentation/vectors/own-vectors.ts';
import { IdentitiesTable } from '../../storage/identities-table.ts';
import { lakeKeys, matrixIdOf, matrixKeys, vectorsInboxPrefix } from '../../storage/keys.ts';
import { ObjectStore, type ObjectVersion } from '../../storage/object-store.ts';
import { readPseudonymKey } from '../../storage/pseudonym-key.ts';
import { idsTensor, matrixTensor, putTensors } from '../../storage/tensor-files.ts';
import { stateFunction } from '../wiring/state-function.ts';

/**
 * Takes in a matrix of a team's own vectors once both of its objects are there, whichever came last: plan -> parts -> commit. Doing it
 * twice, or for the events of both objects at once, gives the same parts and one commit.
 */

const inputSchema = z.union([
  z
    .object({ detail: z.object({ object: z.object({ key: z.string().startsWith(vectorsInboxPrefix) }) }) })
    .transform(({ detail }) => ({ objectKey: detail.object.key })),
  /** The daily schedule (an EventBridge scheduled event): for matrices whose events were lost. */
  z.object({ source: z.literal('aws.events') }).transform(() => ({ objectKey: undefined })),
]);
type Input = z.infer<typeof inputSchema>;

interface Deps {
  readonly objects: ObjectStore;
  readonly identities: IdentitiesTable;
  readonly pseudonymOf: (customerId: string) => string;
  readonly partitions: number;
  readonly nowMs: () => number;
}

interface Result {
  readonly rows: number;
  readonly matrixId: string | null;
  readonly status: MatrixReport['status'] | 'gone';
}

/** The newest versions of both objects. */
interface Pair {
  readonly matrix: ObjectVersion;
  readonly ids: ObjectVersion;
}

const matrixSuffix = '.npy';
const idsSuffixes = ['.ids.csv', '.ids.txt'];
/** What a function of 3 GB can read, order and cut. */
const maxFileBytes = 512 * 1024 * 1024;

/** Takes in the pair of the object that was dropped; without one, every matrix that no commit stands for. */
export async function ingestMatrices({ objectKey }: Input, deps: Deps): Promise<Result[]> {
  if (objectKey !== undefined) return [await ingestMatrix(objectKey, deps)];
  const results: Result[] = [];
  for (const { key } of await deps.objects.list(vectorsInboxPrefix)) {
    if (key.endsWith(matrixSuffix)) results.push(await ingestMatrix(key, deps));
  }
  return results;
}

async function ingestMatrix(objectKey: string, deps: Deps): Promise<Result> {
  const { objects } = deps;
  const startedMs = deps.nowMs();
  const pair = await findPair(objects, objectKey);
  if (pair === 'gone') return { rows: 0, matrixId: null, status: 'gone' };
  if ('status' in pair) {
    const report: MatrixReport = { file: objectKey, ...pair, tookMs: deps.nowMs() - startedMs };
    await objects.putJson(matrixKeys.loneReport(objectKey), matrixReportSchema.parse(report));
    return { rows: 0, matrixId: null, status: pair.status };
  }
  const matrixId = matrixIdOf(pair.matrix, pair.ids);
  const commitKey = matrixKeys.commit(matrixId);
  const earlier = await objects.findJson(commitKey, (value) => matrixCommitSchema.parse(value));
  if (earlier) return { rows: earlier.counts.accepted, matrixId, status: earlier.status };

  const { ingested, sha256 } = await read(pair, deps);
  const { identities, parts, problem, rejected } = ingested;
  const written = await Promise.all(parts.map((part, partition) => writePart(objects, matrixId, partition, part)));
  await deps.identities.putImport(matrixId, identities);
  const rejectsKey = rejected.length > 0 ? matrixKeys.rejects(pair.matrix.key, matrixId) : undefined;
  if (rejectsKey) {
    const header = [ingested.idsColumn ?? 'customer_id'];
    await objects.put(rejectsKey, writeRejectsCsv({ header, rows: rejected }), 'text/csv');
  }
  const counts = countsOf(ingested);
  const outcome = {
    matrixId,
    status: problem ? 'rejected' : 'accepted',
    ...(problem ? { problem } : {}),
    counts,
    ...(rejectsKey ? { rejectsKey } : {}),
  } as const;
  const report: MatrixReport = {
    ...outcome,
    file: pair.matrix.key,
    idsFile: pair.ids.key,
    ...(ingested.idsColumn === undefined ? {} : { idsColumn: ingested.idsColumn }),
    ...(ingested.matrix ? { dims: ingested.matrix.columns, dtype: ingested.matrix.dtype } : {}),
    rejectedSamples: rejectSamples(rejected),
    tookMs: deps.nowMs() - startedMs,
  };
  const reportKey = matrixKeys.report(pair.matrix.key, matrixId);
  await objects.putJson(reportKey, matrixReportSchema.parse(report));
  const commit: MatrixCommit = {
    ...outcome,
    objectKey: pair.matrix.key,
    versionId: pair.matrix.versionId,
    idsKey: pair.ids.key,
    idsVersionId: pair.ids.versionId,
    sha256,
    modifiedAtMs: Math.max(pair.matrix.modifiedAtMs, pair.ids.modifiedAtMs),
    committedAt: new Date(deps.nowMs()).toISOString(),
    parts: written,
    reportKey,
  };
  await objects.putJsonIfAbsent(commitKey, matrixCommitSchema.parse(commit));
  return { rows: counts.accepted, matrixId, status: outcome.status };
}

/** Both objects of the name that `objectKey` has, or why there is nothing to take in yet. */
async function findPair(
  objects: ObjectStore,
  objectKey: string,
): Promise<Pair | 'gone' | Pick<MatrixReport, 'status' | 'problem'>> {
  const suffix = [matrixSuffix, ...idsSuffixes].find((ending) => objectKey.endsWith(ending));
  if (objectKey.endsWith('/')) return 'gone';
  if (!suffix)
    return alone('rejected', 'UNKNOWN_NAME', 'The name ends in none of .npy, .ids.csv and .ids.txt; rename it.');
  const name = objectKey.slice(0, -suffix.length);
  const found = new Set((await objects.list(name)).map(({ key }) => key));
  const idsKeys = idsSuffixes.map((ending) => name + ending).filter((key) => found.has(key));
  const [idsKey, secondIdsKey] = idsKeys;
  const hasMatrix = found.has(name + matrixSuffix);
  if (!hasMatrix && !idsKey) return 'gone';
  if (!hasMatrix)
    return alone('waiting', 'NO_MATRIX', `There is no ${name}${matrixSuffix} yet; drop it to start a run.`);
  if (!idsKey)
    return alone(
      'waiting',
      'NO_IDS',
      `There is no ${idsSuffixes.map((ending) => name + ending).join(' or ')} yet; drop one to start a run.`,
    );
  if (secondIdsKey) {
    return alone(
      'rejected',
      'TWO_LISTS_OF_IDS',
      `Both ${idsKey} and ${secondIdsKey} are there; delete the one that is not meant and drop the other again.`,
    );
  }
  const [matrix, ids] = await Promise.all([objects.head(name + matrixSuffix), objects.head(idsKey)]);
  return { matrix, ids };
}

function alone(status: 'waiting' | 'rejected', code: string, message: string) {
  return { status, problem: { code, message } };
}

async function read({ matrix, ids }: Pair, deps: Deps): Promise<{ ingested: IngestedMatrix; sha256: string }> {
  const { objects, pseudonymOf, partitions } = deps;
  const hash = createHash('sha256');
  const [tooLarge] = [matrix, ids].filter(({ sizeBytes }) => sizeBytes > maxFileBytes);
  if (tooLarge) {
    const message = `${tooLarge.key} has ${tooLarge.sizeBytes} bytes; at most ${maxFileBytes} are allowed: save it as float32, or leave rows out.`;
    const sha256 = hash.update(`${matrix.etag}\0${ids.etag}`).digest('hex');
    return { ingested: { parts: [], identities: [], rejected: [], problem: { code: 'TOO_LARGE', message } }, sha256 };
  }
  const matrixFile = await objects.get(matrix.key, matrix.versionId);
  const idsFile = await objects.get(ids.key, ids.versionId);
  return {
    ingested: ingestMatrixFiles(matrixFile, idsFile, { pseudonymOf, partitions }),
    sha256: hash.update(matrixFile).update(idsFile).digest('hex'),
  };
}

async function writePart(
  objects: ObjectStore,
  matrixId: string,
  partition: number,
  { customers, vectors }: OwnVectorsPart,
): Promise<MatrixCommit['parts'][number]> {
  const customersKey = lakeKeys.vectorCustomers(partition, matrixId);
  const vectorsKey = lakeKeys.vectors(partition, matrixId);
  await Promise.all([
    putTensors(objects, customersKey, { customers: idsTensor(customers) }),
    putTensors(objects, vectorsKey, { vectors: matrixTensor(vectors) }),
  ]);
  return { customersKey, vectorsKey, rows: vectors.rows };
}

function countsOf({ matrix, identities, rejected }: IngestedMatrix): MatrixCommit['counts'] {
  return {
    read: matrix?.rows ?? 0,
    accepted: identities.length,
    rejected: rejected.length,
    rejectedByReason: countByCode(rejected.map(({ code }) => code)),
  };
}

export const handler = stateFunction({
  name: 'ingest-matrix',
  input: inputSchema,
  createDeps: async (environment) => {
    const pseudonymize = createPseudonymizer(await readPseudonymKey(environment.PSEUDONYM_SECRET_ARN));
    return {
      objects: new ObjectStore(environment.BUCKET_NAME),
      identities: new IdentitiesTable(environment.IDENTITIES_TABLE, environment.LAKE_PARTITIONS),
      pseudonymOf: (customerId: string) => pseudonymize('customer', customerId),
      partitions: environment.LAKE_PARTITIONS,
      nowMs: Date.now,
    };
  },
  step: ingestMatrices,
});
