import * as z from 'zod';
import { AlreadyStoredError, CorruptRecordError } from './errors.ts';
import { TableClient } from './table-client.ts';

export const modelJobSchema = z.strictObject({
  inferenceId: z.string(),
  runId: z.string(),
  taskToken: z.string(),
  inputKey: z.string(),
  status: z.enum(['SUBMITTED', 'DONE', 'FAILED']),
  /** DynamoDB deletes the item after this moment, seconds since 1970. */
  expiresAt: z.int(),
});
export type ModelJob = z.infer<typeof modelJobSchema>;

/** Of an object in which a job's answer may come to lie: whose answer it is. */
const answerNoteSchema = z.object({ answerOf: z.string() });

/** The jobs that wait for the model endpoint: stored before the endpoint is called, so that no answer finds nobody waiting. */
export class ModelJobsTable {
  readonly #table: string;
  readonly #client: TableClient;

  constructor(table: string, client: TableClient = new TableClient()) {
    this.#table = table;
    this.#client = client;
  }

  async put(job: ModelJob): Promise<void> {
    await this.#client.put(`model job ${job.inferenceId}`, { TableName: this.#table, Item: job });
  }

  async find(inferenceId: string): Promise<ModelJob | undefined> {
    const item = await this.#client.get(`model job ${inferenceId}`, { TableName: this.#table, Key: { inferenceId } });
    if (!item) return undefined;
    const job = modelJobSchema.safeParse(item);
    if (!job.success) {
      throw new CorruptRecordError(`model job ${inferenceId} has not the shape expected of it`, { cause: job.error });
    }
    return job.data;
  }

  /** Notes where a job's answer will lie, for those who hear of the object and not of the job. */
  async noteAnswerKeys(inferenceId: string, answerKeys: readonly string[], expiresAt: number): Promise<void> {
    await Promise.all(
      answerKeys.map((key) =>
        this.#client.put(`the answer's place of model job ${inferenceId}`, {
          TableName: this.#table,
          Item: { inferenceId: key, answerOf: inferenceId, expiresAt },
        }),
      ),
    );
  }

  /** The id of the job whose answer lies in this object; undefined where it is nobody's. */
  async findByAnswerKey(answerKey: string): Promise<string | undefined> {
    const item = await this.#client.get(`the job of ${answerKey}`, {
      TableName: this.#table,
      Key: { inferenceId: answerKey },
    });
    return item && answerNoteSchema.parse(item).answerOf;
  }

  /** Ends a job once; answers false where it had ended before (a notice came twice, or late). */
  async end(inferenceId: string, status: 'DONE' | 'FAILED'): Promise<boolean> {
    try {
      await this.#client.update(`model job ${inferenceId}`, {
        TableName: this.#table,
        Key: { inferenceId },
        UpdateExpression: 'SET #status = :status',
        ConditionExpression: '#status = :submitted',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':status': status, ':submitted': 'SUBMITTED' },
      });
      return true;
    } catch (error) {
      if (error instanceof AlreadyStoredError) return false;
      throw error;
    }
  }
}
