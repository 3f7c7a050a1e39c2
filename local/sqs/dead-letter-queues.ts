import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloudResource } from '../template/resolved-template.ts';

export interface DeadLetter {
  readonly queueArn: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A message for a queue that the template does not have. */
export class UnknownQueueError extends Error {
  override readonly name = 'UnknownQueueError';
  readonly code = 'AWS.SimpleQueueService.NonExistentQueue';
  readonly retryable = false;
}

/** SQS queues as the place where failed events go: one file per queue, one JSON line per message. Nothing reads from them here. */
export class DeadLetterQueues {
  readonly #folder: string;
  readonly #names = new Map<string, string>();
  readonly #clock: () => number;
  readonly #uuid: () => string;

  constructor(folder: string, resources: readonly CloudResource[], clock: () => number, uuid: () => string) {
    this.#folder = folder;
    this.#clock = clock;
    this.#uuid = uuid;
    for (const { type, attributes } of resources) {
      if (type === 'AWS::SQS::Queue') this.#names.set(attributes['Arn']!, attributes['QueueName']!);
    }
  }

  /** @throws UnknownQueueError */
  async send({ queueArn, body, attributes }: DeadLetter): Promise<void> {
    const name = this.#names.get(queueArn);
    if (name === undefined) {
      throw new UnknownQueueError(
        `There is no queue ${queueArn}; there are ${[...this.#names.keys()].join(', ') || 'none'}.`,
      );
    }
    const message = { messageId: this.#uuid(), sentAt: new Date(this.#clock()).toISOString(), body, attributes };
    await mkdir(this.#folder, { recursive: true });
    await appendFile(join(this.#folder, `${name}.jsonl`), `${JSON.stringify(message)}\n`);
  }
}
