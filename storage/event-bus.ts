import { StorageUnavailableError, storing } from './errors.ts';
import { JsonService } from './json-service.ts';
import { accessFromEnvironment, type ServiceAccess } from './signed-service.ts';

/** The account's default EventBridge bus, under the source `kindred`. */
export class EventBus {
  readonly #service: JsonService;

  constructor(access: ServiceAccess = accessFromEnvironment('EVENTBRIDGE', 'events')) {
    this.#service = new JsonService('events', 'AWSEvents', '1.1', access);
  }

  async put(detailType: string, detail: Readonly<Record<string, unknown>>): Promise<void> {
    const { Entries = [] } = await storing(`event "${detailType}"`, () =>
      this.#service.call('PutEvents', {
        Entries: [{ Source: 'kindred', DetailType: detailType, Detail: JSON.stringify(detail) }],
      }),
    );
    const [entry] = Entries as readonly { readonly ErrorCode?: string }[];
    if (entry?.ErrorCode) {
      throw new StorageUnavailableError(`event "${detailType}" was not taken: ${entry.ErrorCode}`);
    }
  }

  close(): void {
    this.#service.close();
  }
}
