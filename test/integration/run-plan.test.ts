import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunOptions, type RunPlan, runPlanSchema } from '../../contracts/runs.ts';
import { planRun } from '../../functions/states/plan-run.ts';
import { runKeys } from '../../storage/keys.ts';
import { LakeReader } from '../../storage/lake-reader.ts';
import { drop, pseudonymOf, takeIn } from '../harness/dropped-files.ts';
import { type EmbeddedStores, startEmbeddedStores } from '../harness/embedded-stores.ts';

/** Which committed files a run works on, on the embedded S3 and dynalite. */

const partitions = 2;
const options: RunOptions = { segments: 'auto', vectorDims: 8, model: 'auto', minimumAccuracy: 0.8, seed: 0 };
let stores: EmbeddedStores;
beforeEach(async () => {
  stores = await startEmbeddedStores(partitions);
});
afterEach(() => stores.close());

const header = 'order_id,customer_id,date,item,quantity,price\n';
const line = (customer: string, quantity: number, day = 2) =>
  `o-${customer}-${day},${customer},2026-01-0${day},Blue teapot,${quantity},9.50\n`;

let runs = 0;
async function plan(change: Partial<RunOptions> = {}): Promise<RunPlan> {
  runs += 1;
  const executionName = `execution-${runs}`;
  const startedAt = new Date(stores.nowMs()).toISOString();
  const { runId } = await stores.registry.openRun(executionName, { trigger: 'manual', executionName, startedAt });
  await planRun({ runId }, { ...stores, options: { ...options, ...change }, partitions });
  return stores.objects.getJson(runKeys(runId).plan, (value) => runPlanSchema.parse(value));
}

/** The run's interactions as `customer id: quantity`, by pseudonym's owner. */
async function quantities(of: RunPlan, customerIds: readonly string[]): Promise<Record<string, number[]>> {
  const owner = new Map(customerIds.map((id) => [pseudonymOf(id), id]));
  const found: Record<string, number[]> = {};
  for (let partition = 0; partition < partitions; partition += 1) {
    const table = await new LakeReader(stores.objects, of).interactions(partition);
    for (let row = 0; row < table.rows; row += 1) {
      const id = owner.get(table.customers[table.customerIndex[row] as number] as string) ?? 'unknown';
      found[id] = [...(found[id] ?? []), table.quantity[row] as number];
    }
  }
  return found;
}

describe('files in force', () => {
  test('are all accepted ones, oldest first', async () => {
    await drop(stores, partitions, 'b.csv', header + line('C1', 1));
    await drop(stores, partitions, 'bad.csv', 'foo,bar\n1,2\n');
    await drop(stores, partitions, 'a.csv', header + line('C2', 2, 7));
    const planned = await plan();
    expect(planned.imports.map(({ objectKey }) => objectKey)).toEqual(['inbox/b.csv', 'inbox/a.csv']);
    expect(await quantities(planned, ['C1', 'C2'])).toEqual({ C1: [1], C2: [2] });
    expect(planned.asOfMs).toBe(Date.UTC(2026, 0, 7));
  });

  test('count the same bytes under another name once', async () => {
    await drop(stores, partitions, 'sales.csv', header + line('C1', 1));
    await drop(stores, partitions, 'sales (1).csv', header + line('C1', 1));
    const planned = await plan();
    expect(planned.imports.map(({ objectKey }) => objectKey)).toEqual(['inbox/sales.csv']);
    expect(await quantities(planned, ['C1'])).toEqual({ C1: [1] });
  });

  test('hold the newer version of a file and not the older', async () => {
    await drop(stores, partitions, 'sales.csv', header + line('C1', 1) + line('C2', 2));
    await drop(stores, partitions, 'sales.csv', header + line('C1', 5));
    expect(await quantities(await plan(), ['C1', 'C2'])).toEqual({ C1: [5] });
  });

  test('hold the newer version also where it was taken in first', async () => {
    await stores.objects.put('inbox/sales.csv', header + line('C1', 1));
    stores.advance(1000);
    await stores.objects.put('inbox/sales.csv', header + line('C1', 5));
    const versions = stores.events.filter(({ key }) => key === 'inbox/sales.csv');
    for (const { key, versionId } of versions.toReversed()) {
      await takeIn(stores, partitions, { objectKey: key, versionId: versionId ?? '' });
    }
    expect(await quantities(await plan(), ['C1'])).toEqual({ C1: [5] });
  });

  test('of versions dropped within one second hold the one committed later', async () => {
    // S3 tells times in whole seconds, so nothing else tells these apart. Several, since the order of a listing is that of their hashes.
    stores.advance(1000 - (stores.nowMs() % 1000));
    for (let quantity = 1; quantity <= 5; quantity += 1) {
      await stores.objects.put('inbox/sales.csv', header + line('C1', quantity));
      await takeIn(stores, partitions, { objectKey: 'inbox/sales.csv' });
    }
    expect(await quantities(await plan(), ['C1'])).toEqual({ C1: [5] });
  });

  test('let the newest file that gives an attribute win, and keep what it does not give', async () => {
    await drop(stores, partitions, 'sales.csv', header + line('C1', 1));
    await drop(stores, partitions, 'customers-1.csv', 'customer_id,children,cars\nC1,2,1\n');
    await drop(stores, partitions, 'customers-2.csv', 'customer_id,children\nC1,3\n');
    const planned = await plan();
    const partition = planned.customerParts.findIndex((keys) => keys.length > 0);
    const customers = await new LakeReader(stores.objects, planned).customers(partition);
    expect(customers.get(pseudonymOf('C1'))?.attributes).toEqual({ children: 3, cars: 1 });
  });
});

describe('a plan', () => {
  test('is the same for the same files and options, and another for others', async () => {
    await drop(stores, partitions, 'sales.csv', header + line('C1', 1));
    const [first, second, other] = [await plan(), await plan(), await plan({ vectorDims: 9 })];
    const inputs = ({ runId: _, runSeq: __, startedAt: ___, ...rest }: RunPlan) => rest;
    expect(inputs(second)).toEqual(inputs(first));
    expect(other.manifestSha256).not.toBe(first.manifestSha256);
    await drop(stores, partitions, 'more.csv', header + line('C2', 1));
    expect((await plan()).manifestSha256).not.toBe(first.manifestSha256);
  });

  test('lists every partition for the maps, and notes files and manifest with the run', async () => {
    await drop(stores, partitions, 'sales.csv', header + line('C1', 1));
    const { runId, manifestSha256 } = await plan();
    const listed = await stores.objects.getJson(runKeys(runId).partitions, (value) => value);
    expect(listed).toEqual([{ partition: 0 }, { partition: 1 }]);
    expect(await stores.registry.findRun(runId)).toMatchObject({ manifestSha256, files: 1 });
  });

  test('takes the encoder of the script that most letters are in', async () => {
    await drop(stores, partitions, 'sales.csv', `${header}o1,C1,2026-01-02,青花瓷茶壶配杯子,1,9\n`);
    expect(await plan()).toMatchObject({ model: 'bge-small-zh-v1.5', language: 'zh' });
    await drop(stores, partitions, 'more.csv', header + line('C2', 1));
    expect(await plan()).toMatchObject({ model: 'all-MiniLM-L6-v2', language: 'en' });
    expect(await plan({ model: 'my-encoder' })).toMatchObject({ model: 'my-encoder' });
  });

  test('names the live run as the one to match segments with', async () => {
    await drop(stores, partitions, 'sales.csv', header + line('C1', 1));
    const first = await plan();
    expect(first.previousRunId).toBeUndefined();
    await stores.registry.promote({
      runId: first.runId,
      runSeq: first.runSeq,
      promotedAt: '2026-01-01T00:00:00.000Z',
      manifestSha256: first.manifestSha256,
      modelVersion: 'm',
      asOf: '2026-01-01T00:00:00.000Z',
    });
    expect((await plan()).previousRunId).toBe(first.runId);
  });

  test('is refused, with what to do, where no file holds interactions', async () => {
    await drop(stores, partitions, 'customers.csv', 'customer_id,occupation\nC1,Nurse\n');
    await expect(plan()).rejects.toMatchObject({
      name: 'NothingToSegmentError',
      message: expect.stringMatching(/of 1 files taken in, none holds accepted interactions.*inbox/),
    });
  });
});
