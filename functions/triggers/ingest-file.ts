import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type ImportCommit, type ImportReport, importCommitSchema } from '../../contracts/imports.ts';
import { createPseudonymizer, partitionOf } from '../../segmentation/privacy/pseudonyms.ts';
import { FileIngest, type IngestedFile } from '../../segmentation/records/file-ingest.ts';
import { splitInteractions } from '../../segmentation/records/interaction-partitions.ts';
import { rejectSamples } from '../../segmentation/records/reject-samples.ts';
import { writeRejectsCsv } from '../../segmentation/records/rejects-csv.ts';
import type { CustomerRecord } from '../../segmentation/records/tables.ts';
import { NotStoredError } from '../../storage/errors.ts';
import { decompressed, TruncatedGzipError } from '../../storage/gzip-stream.ts';
import { IdentitiesTable } from '../../storage/identities-table.ts';
import { importIdOf, importKeys, lakeKeys } from '../../storage/keys.ts';
import { writeCustomers, writeInteractions, writeItems, writeTexts } from '../../storage/lake-files.ts';
import { ObjectStore, type ObjectVersion } from '../../storage/object-store.ts';
import { readPseudonymKey } from '../../storage/pseudonym-key.ts';
import { stateFunction } from '../wiring/state-function.ts';

/** Takes in one version of one dropped file: plan -> parts -> commit. Doing it twice gives the same parts and one commit. */

const s3Event = z
  .object({ detail: z.object({ object: z.object({ key: z.string(), 'version-id': z.string().optional() }) }) })
  .transform(({ detail }) => ({ objectKey: detail.object.key, versionId: detail.object['version-id'] }));
const inputSchema = z.union([s3Event, z.object({ objectKey: z.string(), versionId: z.string().optional() })]);
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
  readonly importId: string | null;
  readonly status: 'accepted' | 'rejected' | 'gone';
}

export async function ingestFile(input: Input, deps: Deps): Promise<Result> {
  const { objects } = deps;
  const startedMs = deps.nowMs();
  const object = await findVersion(objects, input);
  if (!object) return { rows: 0, importId: null, status: 'gone' };
  const importId = importIdOf(object.key, object.versionId);
  const commitKey = importKeys.commit(object.key, object.etag, importId);
  const earlier = await objects.findJson(commitKey, (value) => importCommitSchema.parse(value));
  if (earlier) return { rows: earlier.counts.accepted, importId, status: earlier.status };

  const { file, sha256 } = await readFile(object, deps);
  const parts = await writeParts(file, importId, deps);
  await deps.identities.putImport(importId, file.identities);
  const rejectsKey = file.rejects.rows.length > 0 ? importKeys.rejects(object.key, importId) : undefined;
  if (rejectsKey) await objects.put(rejectsKey, writeRejectsCsv(file.rejects), 'text/csv');
  const reportKey = importKeys.report(object.key, importId);
  await objects.putJson(reportKey, reportOf(object, importId, file, rejectsKey, deps.nowMs() - startedMs));
  const commit: ImportCommit = {
    importId,
    objectKey: object.key,
    versionId: object.versionId,
    etag: object.etag,
    sizeBytes: object.sizeBytes,
    sha256,
    modifiedAtMs: object.modifiedAtMs,
    committedAt: new Date(deps.nowMs()).toISOString(),
    status: file.status,
    ...(file.problem ? { problem: file.problem } : {}),
    ...(file.kind ? { kind: file.kind } : {}),
    counts: countsOf(file),
    ...(file.report.firstAtMs === undefined ? {} : { firstAtMs: file.report.firstAtMs }),
    ...(file.report.lastAtMs === undefined ? {} : { lastAtMs: file.report.lastAtMs }),
    scripts: file.report.scripts,
    parts,
    reportKey,
    ...(rejectsKey ? { rejectsKey } : {}),
  };
  await objects.putJsonIfAbsent(commitKey, importCommitSchema.parse(commit));
  return { rows: file.report.accepted, importId, status: file.status };
}

/** The version that the event names, or the newest; undefined where it is gone: a newer version has an event of its own. */
async function findVersion(objects: ObjectStore, input: Input): Promise<ObjectVersion | undefined> {
  try {
    return await objects.head(input.objectKey, input.versionId);
  } catch (error) {
    if (error instanceof NotStoredError) return undefined;
    throw error;
  }
}

async function readFile(
  object: ObjectVersion,
  { objects, pseudonymOf }: Deps,
): Promise<{ file: IngestedFile; sha256: string }> {
  // Received when it was dropped, not when it is read: taking it in again must give the same.
  const ingest = new FileIngest({ fileName: object.key, pseudonymOf, receivedAtMs: object.modifiedAtMs });
  const hash = createHash('sha256');
  const dropped = async function* () {
    for await (const chunk of await objects.stream(object.key, object.versionId)) {
      hash.update(chunk);
      yield chunk;
    }
  };
  try {
    for await (const chunk of decompressed(dropped())) ingest.write(chunk);
  } catch (error) {
    if (!(error instanceof TruncatedGzipError)) throw error;
    ingest.refuse(error.code, error.message);
  }
  return { file: ingest.finish(), sha256: hash.digest('hex') };
}

async function writeParts(file: IngestedFile, importId: string, deps: Deps): Promise<ImportCommit['parts']> {
  const parts: ImportCommit['parts'] = { customers: [], interactions: [], items: [], texts: [] };
  if (file.status === 'rejected') return parts;
  const { objects, partitions } = deps;
  const writes: Promise<void>[] = [];
  splitCustomers(file.customers, partitions).forEach((records, partition) => {
    if (records.length === 0) return;
    const key = lakeKeys.customers(partition, importId);
    parts.customers.push({ key, rows: records.length, partition });
    writes.push(objects.put(key, writeCustomers(records)));
  });
  if (file.interactions.rows > 0) {
    splitInteractions(file.interactions, partitions).forEach((table, partition) => {
      if (table.rows === 0) return;
      const key = lakeKeys.interactions(partition, importId);
      parts.interactions.push({ key, rows: table.rows, partition });
      writes.push(objects.put(key, writeInteractions(table)));
    });
  }
  if (file.items.length > 0) {
    parts.items.push({ key: lakeKeys.items(importId), rows: file.items.length });
    writes.push(objects.put(lakeKeys.items(importId), writeItems(file.items)));
  }
  if (file.texts.length > 0) {
    parts.texts.push({ key: lakeKeys.texts(importId), rows: file.texts.length });
    writes.push(objects.put(lakeKeys.texts(importId), writeTexts(file.texts)));
  }
  await Promise.all(writes);
  return parts;
}

function splitCustomers(records: readonly CustomerRecord[], partitions: number): CustomerRecord[][] {
  const split: CustomerRecord[][] = Array.from({ length: partitions }, () => []);
  for (const record of records) split[partitionOf(record.customer, partitions)]?.push(record);
  for (const part of split) part.sort((a, b) => (a.customer < b.customer ? -1 : 1));
  return split;
}

function countsOf({ report }: IngestedFile): ImportCommit['counts'] {
  const { read, accepted, rejected, duplicates, rejectedByReason } = report;
  return { read, accepted, rejected, duplicates, rejectedByReason };
}

function reportOf(
  object: ObjectVersion,
  importId: string,
  file: IngestedFile,
  rejectsKey: string | undefined,
  tookMs: number,
): ImportReport {
  const { report } = file;
  return {
    file: object.key,
    importId,
    status: file.status,
    ...(file.problem ? { problem: file.problem } : {}),
    ...(file.kind ? { kind: file.kind } : {}),
    sizeBytes: object.sizeBytes,
    rows: countsOf(file),
    ...(report.delimiter ? { delimiter: report.delimiter } : {}),
    ...(report.encoding ? { encoding: report.encoding } : {}),
    columns: [...report.columns],
    ignoredColumns: [...report.ignoredColumns],
    notes: [...report.notes],
    rejectedSamples: rejectSamples(file.rejects.rows),
    ...(rejectsKey ? { rejectsKey } : {}),
    ...(report.firstAtMs === undefined ? {} : { firstEventAt: new Date(report.firstAtMs).toISOString() }),
    ...(report.lastAtMs === undefined ? {} : { lastEventAt: new Date(report.lastAtMs).toISOString() }),
    tookMs,
  };
}

export const handler = stateFunction({
  name: 'ingest-file',
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
  step: ingestFile,
});
