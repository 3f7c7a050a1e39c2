import { createHash } from 'node:crypto';
import type { PendingWork } from '../pending-work.ts';
import type { DeadLetter } from '../sqs/dead-letter-queues.ts';
import type { Json } from '../template/intrinsics.ts';
import type { BusEvent, EventEntry } from './event.ts';
import { targetInput } from './input-transformer.ts';
import type { Rule, RuleTarget } from './rules.ts';

/** The longest wait of a timer of Node, in milliseconds: later times are waited for in pieces. */
const MAX_TIMER_MS = 2_147_483_647;

/** An event on its way to one target of one rule. */
export interface Delivery {
  readonly ruleArn: string;
  readonly targetArn: string;
  /** In whose name the target is called; a function is called in the rule's own. */
  readonly roleArn?: string;
  /** JSON. */
  readonly payload: string;
  readonly deadLetterArn?: string;
}

/** Hands an event's payload to a target. Rejects when the target refuses it. The id differs for each event and target. */
export type Deliver = (delivery: Delivery, deliveryId: string) => Promise<void>;

export interface EventBusOptions {
  readonly region: string;
  readonly accountId: string;
  readonly rules: readonly Rule[];
  /** Where deliveries are kept until they are made, by delivery id. */
  readonly pending: PendingWork<Delivery>;
  /** Keeps what could not be delivered, in the name of the rule. */
  readonly sendToQueue: (message: DeadLetter, ruleArn: string) => Promise<void>;
  /** Told of a delivery that was refused without a queue to go to. */
  readonly onLostEvent: (ruleArn: string, targetArn: string, error: unknown) => void;
  readonly clock: () => number;
  readonly uuid: () => string;
  readonly after: (delayMs: number, action: () => void) => () => void;
}

/**
 * The default event bus: matches each event against every rule, and rings scheduled rules. What was accepted is delivered at least once:
 * a delivery that the death of the process cut off is made again by the next one.
 */
export class EventBus {
  readonly #options: EventBusOptions;
  readonly #callOffs = new Map<Rule, () => void>();
  /** Undefined before the start and after the stop. */
  #carrier: Deliver | undefined;

  constructor(options: EventBusOptions) {
    this.#options = options;
  }

  /** Takes an event and answers its id; the deliveries follow on their own, once the bus has been started. */
  put(entry: EventEntry): string {
    const event = this.#event(entry);
    for (const rule of this.#options.rules) {
      if (rule.matches?.(event as unknown as Json)) this.#ring(rule, event);
    }
    return event.id;
  }

  /** Makes the deliveries that stand out, and rings the schedules from now on. */
  start(deliver: Deliver): void {
    const { pending, rules, clock } = this.#options;
    this.#carrier = deliver;
    for (const [id, delivery] of pending.entries()) void this.#deliver(id, delivery);
    for (const rule of rules) this.#await(rule, clock());
  }

  /** Delivers no more: what is put from now on, or is under way, is delivered after the next start. */
  stop(): void {
    this.#carrier = undefined;
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
    for (const target of rule.targets) {
      const id = deliveryId(event, rule, target);
      const delivery = {
        ruleArn: rule.arn,
        targetArn: target.arn,
        ...(target.roleArn === undefined ? {} : { roleArn: target.roleArn }),
        payload: targetInput(event as unknown as Json, target.input),
        ...(target.deadLetterArn === undefined ? {} : { deadLetterArn: target.deadLetterArn }),
      };
      this.#options.pending.put(id, delivery);
      // The one who put the event goes on first.
      queueMicrotask(() => void this.#deliver(id, delivery));
    }
  }

  async #deliver(id: string, delivery: Delivery): Promise<void> {
    const { ruleArn, targetArn, payload, deadLetterArn } = delivery;
    const { sendToQueue, onLostEvent, pending } = this.#options;
    if (this.#carrier === undefined) return;
    try {
      await this.#carrier(delivery, id);
    } catch (error) {
      if (this.#carrier === undefined) return;
      if (deadLetterArn === undefined) onLostEvent(ruleArn, targetArn, error);
      else {
        // Attributes as in "Using dead-letter queues to process undelivered events".
        const attributes = {
          RULE_ARN: ruleArn,
          TARGET_ARN: targetArn,
          ERROR_CODE: (error as { code?: string }).code ?? 'UNKNOWN',
          ERROR_MESSAGE: (error as Error).message,
        };
        await sendToQueue({ queueArn: deadLetterArn, body: payload, attributes }, ruleArn);
      }
    }
    pending.done(id);
  }
}

function deliveryId(event: BusEvent, rule: Rule, target: RuleTarget): string {
  return `${event.id}_${createHash('sha256').update(`${rule.arn} ${target.arn}`).digest('hex').slice(0, 36)}`;
}
