import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildFeatures } from '../../functions/states/build-features.ts';
import { collectTexts } from '../../functions/states/collect-texts.ts';
import { openRun } from '../../functions/states/open-run.ts';
import { planRun } from '../../functions/states/plan-run.ts';
import { drop, pseudonymOf } from '../harness/dropped-files.ts';
import { type EmbeddedStores, startEmbeddedStores } from '../harness/embedded-stores.ts';

/** Raw ids, names and contact data go to the identity table, and to inbox/ and rejects/ as they were dropped; nowhere else. */

const partitions = 2;

/** Each is looked for byte by byte in everything that is stored. */
const planted = {
  ids: ['KUNDE-4711', 'KUNDE-0815', 'KUNDE-PROSPECT'],
  orders: ['ORDER-ALPHA-77', 'ORDER-BETA-78'],
  emails: ['greta.muster@example.com', 'hans@shop.example.org', 'second.mail@example.net'],
  phones: ['+49 151 23456789', '030-5550199'],
  names: ['Mustermannova', 'Zapfenstreichler'],
  streets: ['Lindenallee 112b'],
  rejected: ['KUNDE-REJECTED'],
};

const customersFile = [
  'customer_id,first_name,last_name,email,phone,address,gender,children',
  `KUNDE-4711,Greta,Mustermannova,greta.muster@example.com,+49 151 23456789,Lindenallee 112b,F,2`,
  `KUNDE-0815,Hans,Zapfenstreichler,hans@shop.example.org,030-5550199,Lindenallee 112b,M,0`,
  `KUNDE-PROSPECT,Ina,Mustermannova,second.mail@example.net,030-5550199,Lindenallee 112b,F,1`,
  '',
].join('\n');

const salesFile = [
  'order_id,customer_id,date,item,quantity,price',
  'ORDER-ALPHA-77,KUNDE-4711,2026-01-02,Blue teapot,1,9.5',
  'ORDER-BETA-78,KUNDE-0815,2026-01-05,Paper lamp,1,30',
  'ORDER-BETA-78,KUNDE-REJECTED,no date at all,Paper lamp,1,30',
  '',
].join('\n');

const reviewsFile = [
  'customer_id,date,product,rating,review',
  'KUNDE-4711,2026-01-20,Blue teapot,5,"Lovely, write me at second.mail@example.net or call +49 151 23456789"',
  'KUNDE-0815,2026-01-21,Paper lamp,2,"Torn. hans@shop.example.org"',
  '',
].join('\n');

let stores: EmbeddedStores;
beforeAll(async () => {
  stores = await startEmbeddedStores(partitions);
  await drop(stores, partitions, 'customers.csv', customersFile);
  await drop(stores, partitions, 'sales.csv', salesFile);
  await drop(stores, partitions, 'reviews.csv', reviewsFile);
  const startedAt = new Date(stores.nowMs()).toISOString();
  const { runId } = await openRun({ executionName: 'e', executionArn: 'arn', startedAt, trigger: 'manual' }, stores);
  const options = { segments: 'auto', vectorDims: 2, model: 'auto', minimumAccuracy: 0.8, seed: 0 } as const;
  await planRun({ runId }, { ...stores, options, partitions });
  for (let partition = 0; partition < partitions; partition += 1) await buildFeatures({ runId, partition }, stores);
  await collectTexts({ runId, ignoreCache: false }, { ...stores, hosts: ['sagemaker'] });
});
afterAll(() => stores.close());

/** The bytes of an object as text; of Parquet all its values, decompressed. */
async function textOf(key: string): Promise<string> {
  const bytes = await stores.objects.get(key);
  if (!key.endsWith('.parquet')) return Buffer.from(bytes).toString('latin1') + Buffer.from(bytes).toString('utf8');
  const rows = await parquetReadObjects({ file: Uint8Array.from(bytes).buffer });
  return JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

/** Which of the planted words each object holds that holds any. */
async function plantedIn(keys: readonly string[]): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const key of keys) {
    const text = (await textOf(key)).toLowerCase();
    const words = Object.values(planted)
      .flat()
      .filter((word) => text.includes(word.toLowerCase()));
    if (words.length > 0) found[key] = words;
  }
  return found;
}

test('the files were taken in, and everything that a run writes up to the model jobs is there', async () => {
  const folders = new Set((await stores.objects.list('')).map(({ key }) => key.split('/')[0]));
  expect([...folders].sort()).toEqual(['imports', 'inbox', 'lake', 'model-input', 'rejects', 'reports', 'runs']);
  const lake = (await stores.objects.list('lake/')).map(({ key }) => key.split('/')[1]);
  expect([...new Set(lake)].sort()).toEqual(['customers', 'interactions', 'items', 'texts']);
});

test('no object outside inbox/ and rejects/ holds an id, an order, a name, an address, an e-mail or a phone', async () => {
  const keys = (await stores.objects.list('')).map(({ key }) => key);
  expect(await plantedIn(keys.filter((key) => !/^(?:inbox|rejects)\//.test(key)))).toEqual({});
});

test('the search finds what is there: the dropped files and the rejects hold it', async () => {
  const found = await plantedIn((await stores.objects.list('')).map(({ key }) => key));
  const holding = Object.keys(found).map((key) => key.split('/')[0]);
  expect([...new Set(holding)].sort()).toEqual(['inbox', 'rejects']);
  expect(new Set(Object.values(found).flat())).toEqual(new Set(Object.values(planted).flat()));
});

test('texts keep what they say without the contact data in them', async () => {
  const [key = ''] = (await stores.objects.list('model-input/')).map((object) => object.key);
  const { texts } = await stores.objects.getJson(key, (value) => value as { readonly texts: readonly string[] });
  expect(texts.some((text) => text.startsWith('Lovely, write me at'))).toBe(true);
  expect(texts.some((text) => text.startsWith('Torn.'))).toBe(true);
});

test('of the tables only that of the identities holds any of it, and maps pseudonyms back', async () => {
  for (const table of ['Customers', 'Registry', 'ModelJobs'] as const) {
    const text = JSON.stringify(await stores.items(table));
    expect(
      Object.values(planted)
        .flat()
        .filter((word) => text.includes(word)),
    ).toEqual([]);
  }
  const pseudonyms = planted.ids.map(pseudonymOf);
  const known = await stores.identities.customerIdsOf(pseudonyms);
  expect([...known].sort()).toEqual(planted.ids.map((id) => [pseudonymOf(id), id]).sort());
});

test('an identity is found whichever of many it is, in pages of one bucket and of all', async () => {
  const many = Array.from({ length: 1500 }, (_, i) => `MANY-${i}`);
  const identities = many.map((customerId) => ({ customer: pseudonymOf(customerId), customerId }));
  await stores.identities.putImport('m'.repeat(32), identities);
  const asked = many.filter((_, i) => i % 37 === 0);
  const known = await stores.identities.customerIdsOf(asked.map(pseudonymOf));
  expect([...known.values()].sort()).toEqual([...asked].sort());
});
