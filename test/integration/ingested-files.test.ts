import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ImportReport, importReportSchema } from '../../contracts/imports.ts';
import { openRun } from '../../functions/states/open-run.ts';
import { listUncommitted, readCommits } from '../../storage/committed-files.ts';
import { importIdOf } from '../../storage/keys.ts';
import { readInteractions } from '../../storage/lake-files.ts';
import { drop, pseudonymOf, takeIn } from '../harness/dropped-files.ts';
import { type EmbeddedStores, startEmbeddedStores } from '../harness/embedded-stores.ts';

/** Files dropped into the inbox and taken in, on the embedded S3 and dynalite. */

const partitions = 4;
let stores: EmbeddedStores;
beforeEach(async () => {
  stores = await startEmbeddedStores(partitions);
});
afterEach(() => stores.close());

const sales = [
  'order_id,customer_id,date,item,quantity,price',
  'o1,C1,2026-01-02,Blue teapot,2,9.50',
  'o2,C2,2026-01-03,Paper lamp,1,30',
  'o3,C1,2026-01-09,Blue teapot,1,9.50',
  '',
].join('\n');

async function reports(): Promise<ImportReport[]> {
  const listed = await stores.objects.list('reports/');
  return Promise.all(listed.map(({ key }) => stores.objects.getJson(key, (value) => importReportSchema.parse(value))));
}

async function lakeObjects(): Promise<string[]> {
  return (await stores.objects.list('lake/')).map(({ key, etag }) => `${key} ${etag}`);
}

/** The lake's interactions as `customer item quantity amount`, in order of text. */
async function lakeLines(): Promise<string[]> {
  const parts = await stores.objects.list('lake/interactions/');
  const tables = await Promise.all(parts.map(async ({ key }) => readInteractions(await stores.objects.get(key))));
  return tables
    .flatMap((table) =>
      Array.from({ length: table.rows }, (_, row) => {
        const customer = table.customers[table.customerIndex[row] as number];
        return `${customer} ${table.quantity[row]} ${table.amount[row]}`;
      }),
    )
    .sort();
}

describe('a file of sales', () => {
  test('becomes interactions of pseudonyms, cut by partition, with one commit and one report', async () => {
    expect(await drop(stores, partitions, 'sales.csv', sales)).toMatchObject({ status: 'accepted', rows: 3 });
    const [ann, ben] = [pseudonymOf('C1'), pseudonymOf('C2')];
    expect(await lakeLines()).toEqual([`${ann} 1 9.5`, `${ann} 2 19`, `${ben} 1 30`].sort());
    const [commit] = await readCommits(stores.objects);
    expect(commit).toMatchObject({
      objectKey: 'inbox/sales.csv',
      status: 'accepted',
      kind: 'interactions',
      counts: { read: 3, accepted: 3, rejected: 0, duplicates: 0 },
      firstAtMs: Date.UTC(2026, 0, 2),
      lastAtMs: Date.UTC(2026, 0, 9),
    });
    for (const { key, rows, partition } of commit?.parts.interactions ?? []) {
      const table = await readInteractions(await stores.objects.get(key));
      expect(table.rows).toBe(rows);
      // Partitions are equal ranges of the pseudonym's leading digits.
      for (const customer of table.customers) {
        expect(Math.floor(Number.parseInt(customer.slice(0, 2), 16) / (256 / partitions))).toBe(partition);
      }
    }
    expect(await reports()).toMatchObject([{ file: 'inbox/sales.csv', status: 'accepted', rows: { accepted: 3 } }]);
    expect(await listUncommitted(stores.objects)).toEqual([]);
  });

  test('whose event is delivered twice, one after the other or at once, counts once', async () => {
    await stores.objects.put('inbox/sales.csv', sales);
    const event = stores.events.find(({ key }) => key === 'inbox/sales.csv');
    const input = { objectKey: event?.key ?? '', ...(event?.versionId ? { versionId: event.versionId } : {}) };
    const answers = await Promise.all([takeIn(stores, partitions, input), takeIn(stores, partitions, input)]);
    const [once, commits] = [await lakeObjects(), await readCommits(stores.objects)];
    stores.advance(3000);
    answers.push(await takeIn(stores, partitions, input));
    expect(answers.map(({ rows, status }) => ({ rows, status }))).toEqual(
      Array(3).fill({ rows: 3, status: 'accepted' }),
    );
    expect(await lakeObjects()).toEqual(once);
    expect(await readCommits(stores.objects)).toEqual(commits);
    const versionId = input.versionId ?? '';
    expect(commits).toMatchObject([{ versionId, importId: importIdOf(input.objectKey, versionId) }]);
  });

  test('compressed counts as it does plain, whatever its name says', async () => {
    await drop(stores, partitions, 'plain.csv', sales);
    const plain = await lakeLines();
    await drop(stores, partitions, 'packed.csv', gzipSync(sales));
    expect(await lakeLines()).toEqual([...plain, ...plain].sort());
  });

  test('that is gone before it is taken in makes no commit', async () => {
    expect(await takeIn(stores, partitions, { objectKey: 'inbox/never.csv' })).toEqual({
      rows: 0,
      importId: null,
      status: 'gone',
    });
    expect(await readCommits(stores.objects)).toEqual([]);
  });

  test('whose name has blanks, umlauts and signs is found by its event', async () => {
    expect(await drop(stores, partitions, 'mai 2026/Verkäufe + Retouren (1)&x=y%20.csv', sales)).toMatchObject({
      status: 'accepted',
    });
    expect((await reports()).map(({ file }) => file)).toEqual(['inbox/mai 2026/Verkäufe + Retouren (1)&x=y%20.csv']);
    expect(await listUncommitted(stores.objects)).toEqual([]);
  });
});

describe('a file that cannot be used', () => {
  const cases: readonly (readonly [name: string, code: string, body: string | Uint8Array])[] = [
    ['cut off gzip', 'TRUNCATED_GZIP', gzipSync(sales.repeat(50)).subarray(0, -12)],
    ['damaged gzip', 'TRUNCATED_GZIP', damaged(gzipSync(sales))],
    ['empty', 'EMPTY_FILE', ''],
    ['empty gzip', 'EMPTY_FILE', gzipSync('')],
    ['binary', 'BINARY_FILE', Uint8Array.from({ length: 600 }, (_, at) => at % 256)],
    ['Excel workbook', 'BINARY_FILE', Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(100)])],
    ['unknown columns', 'UNKNOWN_COLUMNS', 'foo,bar\n1,2\n'],
    ['header alone', 'NO_VALID_ROWS', 'customer_id,date,item,quantity,price\n'],
    ['no valid row', 'NO_VALID_ROWS', 'customer_id,date,item,quantity,price\nC1,31st of never,Lamp,1,3\n'],
  ];

  test.each(cases)('%s is committed as rejected and reported as %s', async (name, code, body) => {
    const file = `${name.replaceAll(' ', '-')}.csv`;
    expect(await drop(stores, partitions, file, body)).toMatchObject({ status: 'rejected', rows: 0 });
    const [commit] = await readCommits(stores.objects);
    expect(commit).toMatchObject({ status: 'rejected', problem: { code }, parts: { interactions: [], customers: [] } });
    const [report] = await reports();
    expect(report).toMatchObject({ file: `inbox/${file}`, status: 'rejected', problem: { code } });
    expect(report?.problem?.message).toMatch(/drop/); // it says what to do
    expect(await lakeObjects()).toEqual([]);
    expect(await listUncommitted(stores.objects)).toEqual([]); // nobody waits for it
  });

  test('does not keep others from being taken in', async () => {
    for (const [name, , body] of cases) await drop(stores, partitions, `${name}.csv`, body);
    await drop(stores, partitions, 'sales.csv', sales);
    expect((await lakeLines()).length).toBe(3);
    const run = await openRun(
      { executionName: 'e', executionArn: 'arn', startedAt: new Date(stores.nowMs()).toISOString(), trigger: 'manual' },
      stores,
    );
    expect(run.missedFiles).toBe(0);
  });

  test('in part gives up its bad rows alone, each with line, code and cells in the file of rejects', async () => {
    const mixed = `${sales}o4,C3,2026-13-45,Lamp,1,3\no5,,2026-01-04,Lamp,1,3\n`;
    expect(await drop(stores, partitions, 'mixed.csv', mixed)).toMatchObject({ status: 'accepted', rows: 3 });
    const [commit] = await readCommits(stores.objects);
    expect(commit?.counts).toMatchObject({ read: 5, accepted: 3, rejected: 2 });
    const rejects = Buffer.from(await stores.objects.get(commit?.rejectsKey ?? '')).toString();
    expect(rejects.trimEnd().split('\n').length).toBe(3);
    expect(rejects).toContain('2026-13-45');
    const [report] = await reports();
    expect(report?.rejectedSamples.map(({ line }) => line)).toEqual([5, 6]);
    expect(JSON.stringify(report)).not.toContain('2026-13-45'); // cells may be personal
  });
});

describe('a file whose event was lost', () => {
  test('is listed by the next run, without files in being committed and without folders', async () => {
    await drop(stores, partitions, 'sales.csv', sales);
    await stores.objects.put('inbox/folder/', '');
    await stores.objects.put('inbox/late.csv', sales);
    const input = { executionName: 'e', executionArn: 'arn', startedAt: new Date(stores.nowMs()).toISOString() };
    const { runId, missedFiles } = await openRun({ ...input, trigger: 'manual' }, stores);
    expect(missedFiles).toBe(1);
    expect(await stores.objects.getJson(`runs/${runId}/missed-files.json`, (value) => value)).toEqual([
      { objectKey: 'inbox/late.csv' },
    ]);
  });

  test('is listed again where it was replaced under the same name', async () => {
    await drop(stores, partitions, 'sales.csv', sales);
    await stores.objects.put('inbox/sales.csv', `${sales}o9,C9,2026-02-01,Lamp,1,3\n`);
    expect((await listUncommitted(stores.objects)).map(({ key }) => key)).toEqual(['inbox/sales.csv']);
  });
});

function damaged(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let at = 20; at < 40; at += 1) copy[at] = 255 - (copy[at] as number);
  return copy;
}
