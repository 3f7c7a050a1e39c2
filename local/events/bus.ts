import { createHash } from 'node:crypto';
import type { Json } from '../template/intrinsics.ts';
import type { BusEvent, EventEntry } from './event.ts';
import { targetInput } from './input-transformer.ts';
import type { Rule, RuleTarget } from './rules.ts';

/** The longest wait of a timer of Node, in milliseconds: later times are waited for in pieces. */
const MAX_TIMER_MS = 2_147_483_647;

export interface EventBusOptions {
  readonly region: string;
  readonly accountId: string;
  readonly rules: readonly Rule[];
  /** Hands an event's payload (JSON) to a target. Rejects when the target refuses it. The id differs for each event and target. */
  readonly deliver: (targetArn: string, payload: string, deliveryId: string) => Promise<void>;
  readonly sendToQueue: (queueArn: string, body: string, attributes: Readonly<Record<string, string>>) => Promise<void>;
  /** Told of a delivery that was refused without a queue to go to. */
  readonly onLostEvent: (ruleArn: string, targetArn: string, error: unknown) => void;
  readonly clock: () => number;
  readonly uuid: () => string;
  readonly after: (delayMs: number, action: () => void) => () => void;
}

/** The default event bus: matches each event against every rule, and rings scheduled rules. */
export class EventBus {
  readonly #options: EventBusOptions;
  readonly #callOffs = new Map<Rule, () => void>();

  constructor(options: EventBusOptions) {
    this.#options = options;
  }

  /** Takes an event and answers its id; the deliveries follow on their own. */
  put(entry: EventEntry): string {
    const event = this.#event(entry);
    for (const rule of this.#options.rules) {
      if (rule.matches?.(event as unknown as Json)) this.#ring(rule, event);
    }
    return event.id;
  }

  startSchedules(): void {
    for (const rule of this.#options.rules) this.#await(rule, this.#options.clock());
  }

  close(): void {
    for (const callOff of this.#callOffs.values()) callOff();
    this.#callOffs.clear();
  }

  #await(rule: Rule, afterMs: number): void {
    const dueMs = rule.schedule?.nextAfter(afterMs);
    if (dueMs === undefined) return;
    const wait = (): void => {
      const delayMs = dueMs - this.#options.clock();
      const action = delayMs > MAX_TIMER_MS ? wait : () => this.#ringSchedule(rule, dueMs);
      this.#callOffs.set(rule, this.#options.after(Math.max(0, Math.min(delayMs, MAX_TIMER_MS)), action));
    };
    wait();
  }

  #ringSchedule(rule: Rule, dueMs: number): void {
    const scheduled = {
      source: 'aws.events',
      detailType: 'Scheduled Event',
      detail: {},
      resources: [rule.arn],
      atMs: dueMs,
    };
    this.#ring(rule, this.#event(scheduled));
    this.#await(rule, dueMs);
  }

  #event({ source, detailType, detail, resources, atMs }: EventEntry): BusEvent {
    const { uuid, region, accountId } = this.#options;
    return {
      version: '0',
      id: uuid(),
      'detail-type': detailType,
      source,
      account: accountId,
      time: `${new Date(atMs).toISOString().slice(0, 19)}Z`,
      region,
      resources,
      detail,
    };
  }

  #ring(rule: Rule, event: BusEvent): void {
    // The one who put the event goes on first.
    for (const target of rule.targets) queueMicrotask(() => void this.#deliver(rule, target, event));
  }

  async #deliver(rule: Rule, target: RuleTarget, event: BusEvent): Promise<void> {
    const payload = targetInput(event as unknown as Json, target.input);
    try {
      await this.#options.deliver(target.arn, payload, deliveryId(event, rule, target));
    } catch (error) {
      if (target.deadLetterArn === undefined) {
        this.#options.onLostEvent(rule.arn, target.arn, error);
        return;
      }
      // Attributes as in "Using dead-letter queues to process undelivered events".
      await this.#options.sendToQueue(target.deadLetterArn, payload, {
        RULE_ARN: rule.arn,
        TARGET_ARN: target.arn,
        ERROR_CODE: (error as { code?: string }).code ?? 'UNKNOWN',
        ERROR_MESSAGE: (error as Error).message,
      });
    }
  }
}

function deliveryId(event: BusEvent, rule: Rule, target: RuleTarget): string {
  return `${event.id}_${createHash('sha256').update(`${rule.arn} ${target.arn}`).digest('hex').slice(0, 36)}`;
}
