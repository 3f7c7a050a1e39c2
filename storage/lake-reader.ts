import type { RunPlan } from '../contracts/runs.ts';
import { interactionsOf, mergeInteractions } from '../segmentation/records/interaction-partitions.ts';
import type { CustomerRecord, InteractionTable, ItemRecord, TextRecord } from '../segmentation/records/tables.ts';
import { readCustomers, readInteractions, readItems, readTexts } from './lake-files.ts';
import type { ObjectStore } from './object-store.ts';
import { readTensors } from './tensor-files.ts';

/**
 * Reads what a run's plan names from the lake, and from nowhere else. Of a run over a team's own vectors the customers are those of the
 * matrix: all of them, and no others.
 */
export class LakeReader {
  readonly #objects: ObjectStore;
  readonly #plan: RunPlan;

  constructor(objects: ObjectStore, plan: RunPlan) {
    this.#objects = objects;
    this.#plan = plan;
  }

  /** A partition's interactions, sorted by customer and time. */
  async interactions(partition: number): Promise<InteractionTable> {
    const parts = await this.#readAll(this.#plan.interactionParts[partition] ?? [], readInteractions);
    const interactions = mergeInteractions(parts);
    const own = await this.#matrixCustomers(partition);
    return own ? interactionsOf(own, interactions) : interactions;
  }

  /** A partition's customers by pseudonym: of each attribute the value in the newest file that gives it. */
  async customers(partition: number): Promise<Map<string, CustomerRecord>> {
    const parts = await this.#readAll(this.#plan.customerParts[partition] ?? [], readCustomers);
    const merged = new Map<string, CustomerRecord>();
    for (const record of parts.flat()) {
      const earlier = merged.get(record.customer);
      merged.set(
        record.customer,
        earlier ? { ...earlier, ...record, attributes: { ...earlier.attributes, ...record.attributes } } : record,
      );
    }
    const own = new Set(await this.#matrixCustomers(partition));
    return this.#plan.matrix ? new Map([...merged].filter(([customer]) => own.has(customer))) : merged;
  }

  /** All items by id; the newest file's record of an item counts. */
  async items(): Promise<Map<string, ItemRecord>> {
    const parts = await this.#readAll(this.#plan.itemParts, readItems);
    return new Map(parts.flat().map((record) => [record.item, record]));
  }

  /** Every distinct text by id. */
  async texts(): Promise<Map<string, string>> {
    const parts = await this.#readAll<TextRecord[]>(this.#plan.textParts, readTexts);
    return new Map(parts.flat().map(({ textId, text }) => [textId, text]));
  }

  /** Pseudonyms in rising order; undefined for a run over the lake's own customers. */
  async #matrixCustomers(partition: number): Promise<string[] | undefined> {
    const key = this.#plan.matrix?.customerParts[partition];
    return key === undefined ? undefined : (await readTensors(this.#objects, key)).ids('customers');
  }

  async #readAll<T>(keys: readonly string[], read: (file: Uint8Array) => T | Promise<T>): Promise<T[]> {
    return Promise.all(keys.map(async (key) => read(await this.#objects.get(key))));
  }
}
