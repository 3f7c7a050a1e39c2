import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { StorageUnavailableError, storing } from './errors.ts';

/** The account's default EventBridge bus, under the source `kindred`. */
export class EventBus {
  readonly #client: EventBridgeClient;

  constructor(client: EventBridgeClient = new EventBridgeClient({})) {
    this.#client = client;
  }

  async put(detailType: string, detail: Readonly<Record<string, unknown>>): Promise<void> {
    const answer = await storing(`event "${detailType}"`, () =>
      this.#client.send(
        new PutEventsCommand({
          Entries: [{ Source: 'kindred', DetailType: detailType, Detail: JSON.stringify(detail) }],
        }),
      ),
    );
    const [entry] = answer.Entries ?? [];
    if (entry?.ErrorCode) {
      throw new StorageUnavailableError(`event "${detailType}" was not taken: ${entry.ErrorCode}`);
    }
  }
}
