import type * as z from 'zod';
import {
  type LivePointer,
  livePointerSchema,
  type RunLeaseRecord,
  type RunRecord,
  runLeaseSchema,
  runRecordSchema,
  type StageRecord,
  stageRecordSchema,
} from '../contracts/registry.ts';
import { type SegmentCard, segmentCardSchema } from '../contracts/segments.ts';
import { AlreadyStoredError, CorruptRecordError } from './errors.ts';
import { runIdOf } from './keys.ts';
import { TableClient } from './table-client.ts';

const runsPerPage = 50;
const liveKey = { pk: 'LIVE', sk: 'pointer' };
const leaseKey = { pk: 'LEASE', sk: 'run' };
const runSeqCounterKey = { pk: 'COUNTER', sk: 'runSeq' };

function runKey(runSeq: number) {
  return { pk: 'RUN', sk: String(runSeq).padStart(8, '0') };
}

function executionKey(executionName: string) {
  return { pk: 'EXECUTION', sk: executionName };
}

type NewRun = Omit<RunRecord, 'runId' | 'runSeq' | 'status'>;

/** Whether a conditional write was done; false where another was first. */
async function unlessTaken(write: Promise<void>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof AlreadyStoredError) return false;
    throw error;
  }
}

/** `run-000012` -> 12 */
function runSeqOf(runId: string): number {
  return Number(/^run-(\d+)$/.exec(runId)?.[1] ?? 0);
}

/**
 * Runs, the live pointer, the live segments' cards and the stages' row counts, in one table `(pk, sk)`.
 * Nothing here is keyed by a customer.
 */
export class RegistryTable {
  readonly #table: string;
  readonly #client: TableClient;

  constructor(table: string, client: TableClient = new TableClient()) {
    this.#table = table;
    this.#client = client;
  }

  /** A run's number and id for an execution; the same execution asking again gets the same. */
  async openRun(executionName: string, record: NewRun): Promise<RunRecord> {
    const run = await this.#numbered(executionName, record);
    await this.#put({ ...runKey(run.runSeq), ...run });
    return run;
  }

  /** As `openRun`, for a run that is just being started: what OpenRun has written meanwhile stays. */
  async announceRun(executionName: string, record: NewRun): Promise<RunRecord> {
    const run = await this.#numbered(executionName, record);
    await this.#putFirst({ ...runKey(run.runSeq), ...run });
    return run;
  }

  async #numbered(executionName: string, record: NewRun): Promise<RunRecord> {
    const runSeq = (await this.#runSeqOfExecution(executionName)) ?? (await this.#claimRunSeq(executionName));
    return { ...record, runSeq, runId: runIdOf(runSeq), status: 'RUNNING' };
  }

  /** The run of an execution that has been opened. */
  async findRunIdOf(executionName: string): Promise<string | undefined> {
    const runSeq = await this.#runSeqOfExecution(executionName);
    return runSeq === undefined ? undefined : runIdOf(runSeq);
  }

  async #runSeqOfExecution(executionName: string): Promise<number | undefined> {
    const item = await this.#get(executionKey(executionName));
    return item && Number(item['runSeq']);
  }

  async #claimRunSeq(executionName: string): Promise<number> {
    const counter = await this.#client.update('the run counter', {
      TableName: this.#table,
      Key: runSeqCounterKey,
      UpdateExpression: 'ADD #value :one',
      ExpressionAttributeNames: { '#value': 'value' },
      ExpressionAttributeValues: { ':one': 1 },
      ReturnValues: 'UPDATED_NEW',
    });
    const runSeq = Number(counter['value']);
    const isFirst = await this.#putFirst({ ...executionKey(executionName), runSeq });
    return isFirst ? runSeq : ((await this.#runSeqOfExecution(executionName)) as number);
  }

  /** The hash of the request that an execution was first asked for with: that of this call, or of an earlier one. */
  async claimRequest(executionName: string, requestSha256: string): Promise<string> {
    const key = { pk: 'REQUEST', sk: executionName };
    if (await this.#putFirst({ ...key, requestSha256 })) return requestSha256;
    return String((await this.#get(key))?.['requestSha256']);
  }

  async findLease(): Promise<RunLeaseRecord | undefined> {
    const item = await this.#get(leaseKey);
    return item ? this.#parse(runLeaseSchema, item, "the runs' lease") : undefined;
  }

  /** Gives the lease to another execution; answers false where `previous`, or nobody, does not have it any more. */
  async putLease(lease: RunLeaseRecord, previous: string | undefined): Promise<boolean> {
    const item = { ...leaseKey, ...lease };
    if (previous === undefined) return this.#putFirst(item);
    return unlessTaken(this.#put(item, 'executionArn = :previous', { ':previous': previous }));
  }

  async findRun(runId: string): Promise<RunRecord | undefined> {
    const item = await this.#get(runKey(runSeqOf(runId)));
    return item ? this.#parse(runRecordSchema, item, `run ${runId}`) : undefined;
  }

  async updateRun(runId: string, change: Partial<RunRecord>): Promise<void> {
    const entries = Object.entries(change).filter(([, value]) => value !== undefined);
    await this.#client.update(`run ${runId}`, {
      TableName: this.#table,
      Key: runKey(runSeqOf(runId)),
      UpdateExpression: `SET ${entries.map((_, i) => `#n${i} = :v${i}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(entries.map(([name], i) => [`#n${i}`, name])),
      ExpressionAttributeValues: Object.fromEntries(entries.map(([, value], i) => [`:v${i}`, value])),
    });
  }

  /** Runs, newest first. */
  async listRuns(options: { limit: number; before?: number }): Promise<RunRecord[]> {
    const { items } = await this.#client.query('the runs', {
      TableName: this.#table,
      KeyConditionExpression: options.before === undefined ? 'pk = :run' : 'pk = :run AND sk < :before',
      ExpressionAttributeValues: {
        ':run': 'RUN',
        ...(options.before === undefined ? {} : { ':before': runKey(options.before).sk }),
      },
      ScanIndexForward: false,
      Limit: options.limit,
    });
    return items.map((item) => this.#parse(runRecordSchema, item, 'a run'));
  }

  async findLive(): Promise<LivePointer | undefined> {
    const item = await this.#get(liveKey);
    return item ? this.#parse(livePointerSchema, item, 'the live pointer') : undefined;
  }

  /** The newest run over the lake that went live; runs over a team's own vectors may have followed it. */
  async findLastLakeRun(): Promise<RunRecord | undefined> {
    const live = await this.findLive();
    const liveRun = live ? await this.findRun(live.runId) : undefined;
    if (liveRun?.matrixId === undefined) return liveRun;
    for (let before: number | undefined = liveRun.runSeq; before !== undefined; ) {
      const page: RunRecord[] = await this.listRuns({ limit: runsPerPage, before });
      const found = page.find(({ status, matrixId }) => status === 'SUPERSEDED' && matrixId === undefined);
      if (found) return found;
      before = page.at(-1)?.runSeq;
    }
    return undefined;
  }

  /** Makes a run live by one write; refused where another went live since the run was planned. */
  async promote(pointer: LivePointer): Promise<void> {
    const { runId, previousRunId } = pointer;
    await (previousRunId
      ? this.#put({ ...liveKey, ...pointer }, 'runId = :previous OR runId = :own', {
          ':previous': previousRunId,
          ':own': runId,
        })
      : this.#put({ ...liveKey, ...pointer }, 'attribute_not_exists(pk) OR runId = :own', { ':own': runId }));
  }

  async putSegments(runId: string, cards: readonly SegmentCard[]): Promise<void> {
    await Promise.all(cards.map((card) => this.#put({ pk: `SEGMENTS#${runId}`, sk: card.segmentId, ...card })));
  }

  async listSegments(runId: string): Promise<SegmentCard[]> {
    const items = await this.#queryAll(`SEGMENTS#${runId}`);
    return items.map((item) => this.#parse(segmentCardSchema, item, `a segment of ${runId}`));
  }

  async findSegment(runId: string, segmentId: string): Promise<SegmentCard | undefined> {
    const item = await this.#get({ pk: `SEGMENTS#${runId}`, sk: segmentId });
    return item ? this.#parse(segmentCardSchema, item, `segment ${segmentId} of ${runId}`) : undefined;
  }

  async putStage(runId: string, record: StageRecord): Promise<void> {
    const sk = `${record.stage}#${String(record.partition).padStart(5, '0')}`;
    await this.#put({ pk: `STAGE#${runId}`, sk, ...record });
  }

  async listStages(runId: string): Promise<StageRecord[]> {
    const items = await this.#queryAll(`STAGE#${runId}`);
    return items.map((item) => this.#parse(stageRecordSchema, item, `a stage of ${runId}`));
  }

  async #get(key: { pk: string; sk: string }): Promise<Record<string, unknown> | undefined> {
    return this.#client.get(`item ${key.pk}/${key.sk}`, { TableName: this.#table, Key: key });
  }

  /** Writes only where nothing is stored yet; answers whether this call was the one that wrote. */
  #putFirst(item: Record<string, unknown> & { pk: string; sk: string }): Promise<boolean> {
    return unlessTaken(this.#put(item, 'attribute_not_exists(pk)'));
  }

  async #put(
    item: Record<string, unknown> & { pk: string; sk: string },
    condition?: string,
    values?: Record<string, unknown>,
  ): Promise<void> {
    await this.#client.put(`item ${item.pk}/${item.sk}`, {
      TableName: this.#table,
      Item: item,
      ...(condition ? { ConditionExpression: condition } : {}),
      ...(values ? { ExpressionAttributeValues: values } : {}),
    });
  }

  async #queryAll(pk: string): Promise<Record<string, unknown>[]> {
    return this.#client.queryAll(`items ${pk}`, {
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
    });
  }

  #parse<T>(schema: z.ZodType<T>, item: Record<string, unknown>, what: string): T {
    const { pk: _pk, sk: _sk, ...fields } = item;
    const parsed = schema.safeParse(fields);
    if (!parsed.success) {
      throw new CorruptRecordError(`${what} in table ${this.#table} has not the shape expected of it`, {
        cause: parsed.error,
      });
    }
    return parsed.data;
  }
}
