import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type MatrixReport, matrixReportSchema } from '../../contracts/matrices.ts';
import { runPlanSchema } from '../../contracts/runs.ts';
import { buildFeatures } from '../../functions/states/build-features.ts';
import { openRun } from '../../functions/states/open-run.ts';
import { placeVectors } from '../../functions/states/place-vectors.ts';
import { planRun } from '../../functions/states/plan-run.ts';
import { startRunWhenQuiet } from '../../functions/triggers/start-run-when-quiet.ts';
import { factsIn } from '../../storage/behaviour-facts.ts';
import { listUncommitted } from '../../storage/committed-files.ts';
import { readMatrixCommit } from '../../storage/committed-matrices.ts';
import { importsPrefix, matricesPrefix, matrixKeys, runKeys } from '../../storage/keys.ts';
import { LakeReader } from '../../storage/lake-reader.ts';
import { RunLease } from '../../storage/run-lease.ts';
import { readTensors } from '../../storage/tensor-files.ts';
import { readRunVectors } from '../../storage/vector-shards.ts';
import { drop, pseudonymOf } from '../harness/dropped-files.ts';
import { dropHalf, dropMatrix, npyOf, takeInMatrices } from '../harness/dropped-matrices.ts';
import { type EmbeddedStores, startEmbeddedStores } from '../harness/embedded-stores.ts';
import { machineArn, startWaitingMachine } from '../harness/waiting-machine.ts';

/** Matrices of a team's own vectors, from the drop to the shards that Cluster reads, on the embedded S3 and dynalite. */

const partitions = 2;
let stores: EmbeddedStores;
beforeEach(async () => {
  stores = await startEmbeddedStores(partitions);
});
afterEach(() => stores.close());

const matrix = npyOf([
  [1, 0],
  [0, 1],
  [-1, -1],
]);
const ids = 'C1\nC2\nC3\n';
const sales = (customer: string) => `customer_id,date,item,quantity,price\n${customer},2026-01-02,Lamp,2,3\n`;

async function keysUnder(prefix: string): Promise<string[]> {
  return (await stores.objects.list(prefix)).map(({ key }) => key);
}

async function bytesUnder(prefix: string): Promise<string[]> {
  const listed = await stores.objects.list(prefix);
  return Promise.all(listed.map(async ({ key }) => Buffer.from(await stores.objects.get(key)).toString('base64')));
}

async function reports(): Promise<MatrixReport[]> {
  const keys = await keysUnder('reports/vectors-inbox/');
  return Promise.all(keys.map((key) => stores.objects.getJson(key, (value) => matrixReportSchema.parse(value))));
}

/** Each customer's vector under `lake/vectors/`, by pseudonym, of the one matrix that is there. */
async function lakeVectors(matrixId: string): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  for (const part of (await readMatrixCommit(stores.objects, matrixId)).parts) {
    const customers = (await readTensors(stores.objects, part.customersKey)).ids('customers');
    const { columns, data } = (await readTensors(stores.objects, part.vectorsKey)).matrix('vectors');
    expect(customers.length).toBe(part.rows);
    customers.forEach((customer, row) => {
      found[customer] = [...data.subarray(row * columns, (row + 1) * columns)];
    });
  }
  return found;
}

describe('a matrix and its ids', () => {
  test.each([
    ['a.npy', matrix, 'a.ids.csv', ids],
    ['a.ids.csv', ids, 'a.npy', matrix],
  ] as const)('of which %s comes first are taken in once both are there', async (early, first, late, second) => {
    expect(await dropHalf(stores, partitions, early, first)).toMatchObject({ status: 'waiting', rows: 0 });
    expect(await keysUnder(matricesPrefix)).toEqual([]);
    const { status, rows, matrixId } = await dropHalf(stores, partitions, late, second);
    expect({ status, rows }).toEqual({ status: 'accepted', rows: 3 });
    // Row 0 is (1, 0), row 2 (-1, -1), the mean (0, 0), and the squares sum up to 4 over 6 numbers.
    const unit = Math.sqrt(6 / 4);
    const vectors = await lakeVectors(matrixId ?? '');
    for (const [id, expected] of [
      ['C1', [unit, 0]],
      ['C2', [0, unit]],
      ['C3', [-unit, -unit]],
    ] as const) {
      for (const [column, value] of expected.entries()) {
        expect(vectors[pseudonymOf(id)]?.[column]).toBeCloseTo(value, 6);
      }
    }
    expect(await keysUnder(matricesPrefix)).toEqual([matrixKeys.commit(matrixId ?? '')]);
    const known = await stores.identities.customerIdsOf([pseudonymOf('C1'), pseudonymOf('C3')]);
    expect([...known.values()].sort()).toEqual(['C1', 'C3']);
  });

  test('whose events come twice, one after the other or at once, are taken in once', async () => {
    await stores.objects.put('vectors-inbox/a.npy', matrix);
    await stores.objects.put('vectors-inbox/a.ids.txt', ids);
    const events = ['vectors-inbox/a.npy', 'vectors-inbox/a.ids.txt', 'vectors-inbox/a.npy'];
    const together = await Promise.all(events.map((key) => takeInMatrices(stores, partitions, key)));
    const once = await stores.objects.list('');
    const again = await takeInMatrices(stores, partitions, 'vectors-inbox/a.ids.txt');
    expect(new Set([...together, again].flat().map(({ matrixId }) => matrixId)).size).toBe(1);
    expect((await stores.objects.list('')).map(({ key, etag }) => [key, etag])).toEqual(
      once.map(({ key, etag }) => [key, etag]),
    );
    expect(stores.events.filter(({ key }) => key.startsWith(matricesPrefix)).length).toBe(1);
  });

  test('whose events were lost are taken in by the daily schedule, and those taken in before are left alone', async () => {
    await dropMatrix(stores, partitions, 'seen', { C1: [1], C2: [2] });
    await stores.objects.put('vectors-inbox/lost.npy', matrix);
    await stores.objects.put('vectors-inbox/lost.ids.csv', ids);
    const commits = () => stores.events.filter(({ key }) => key.startsWith(matricesPrefix)).length;
    expect(commits()).toBe(1);
    const found = await takeInMatrices(stores, partitions);
    expect(found.map(({ status, rows }) => [status, rows])).toEqual([
      ['accepted', 3],
      ['accepted', 2],
    ]);
    expect(commits()).toBe(2);
  });

  test('dropped again give another commit and the same parts to the byte', async () => {
    const first = await dropMatrix(stores, partitions, 'a', { C1: [1, 0], C2: [0, 1], C3: [3, 3] });
    const parts = await bytesUnder('lake/');
    const second = await dropMatrix(stores, partitions, 'a', { C3: [3, 3], C1: [1, 0], C2: [0, 1] });
    expect(second.matrixId).not.toBe(first.matrixId);
    const { parts: own } = await readMatrixCommit(stores.objects, second.matrixId ?? '');
    const bytes = await Promise.all(
      own.flatMap(({ customersKey, vectorsKey }) =>
        [customersKey, vectorsKey].map(async (key) => Buffer.from(await stores.objects.get(key)).toString('base64')),
      ),
    );
    expect(new Set(bytes)).toEqual(new Set(parts));
  });

  test('stay where they were dropped, are no files of the lake, and show nobody in what is read later', async () => {
    await dropMatrix(stores, partitions, 'a', { 'MEMBER-0815': [1, 0], 'MEMBER-4711': [0, 1] });
    expect(await listUncommitted(stores.objects)).toEqual([]);
    const listed = (await stores.objects.list('')).map(({ key }) => key);
    const texts = await Promise.all(
      listed.map(async (key) => [key, Buffer.from(await stores.objects.get(key)).toString('latin1')] as const),
    );
    const naming = texts.filter(([, text]) => /MEMBER-/i.test(text)).map(([key]) => key);
    expect(naming).toEqual(['vectors-inbox/a.ids.txt']);
  });
});

describe('a matrix that cannot be used', () => {
  test.each([
    ['cut off', matrix.slice(0, -3), ids, 'WRONG_LENGTH'],
    ['no matrix', Buffer.from('1,2\n'), ids, 'NOT_NPY'],
    ['with an id too few', matrix, 'C1\nC2\n', 'WRONG_COUNT'],
  ])('%s is reported, and committed as rejected so that nobody waits for it', async (_, body, list, code) => {
    await dropHalf(stores, partitions, 'bad.npy', body);
    const { status, matrixId } = await dropHalf(stores, partitions, 'bad.ids.csv', list);
    expect(status).toBe('rejected');
    const { reportKey, parts } = await readMatrixCommit(stores.objects, matrixId ?? '');
    expect(parts).toEqual([]);
    expect(await stores.objects.getJson(reportKey, (value) => matrixReportSchema.parse(value))).toMatchObject({
      file: 'vectors-inbox/bad.npy',
      idsFile: 'vectors-inbox/bad.ids.csv',
      status: 'rejected',
      problem: { code },
    });
    expect(await keysUnder('lake/')).toEqual([]);
    expect(await keysUnder('vectors-inbox/')).toEqual(['vectors-inbox/bad.ids.csv', 'vectors-inbox/bad.npy']);
  });

  test('in some rows loses those, and the report names them', async () => {
    const rows = { C1: [1, 0], C2: [Number.NaN, 1], C3: [0, 1] };
    const { matrixId, rows: accepted } = await dropMatrix(stores, partitions, 'holes', rows);
    expect(accepted).toBe(2);
    const key = matrixKeys.report('vectors-inbox/holes.npy', matrixId ?? '');
    const report = await stores.objects.getJson(key, (value) => matrixReportSchema.parse(value));
    expect(report).toMatchObject({
      status: 'accepted',
      counts: { read: 3, accepted: 2, rejected: 1, rejectedByReason: { NOT_FINITE: 1 } },
      dims: 2,
      dtype: '<f4',
      rejectedSamples: [{ line: 2, code: 'NOT_FINITE', message: expect.stringMatching(/^Row 1 of the matrix/) }],
    });
    const rejects = Buffer.from(await stores.objects.get(report.rejectsKey ?? '')).toString('utf8');
    expect(rejects.split('\n').slice(0, 2)).toEqual([
      'customer_id,_line,_code,_message',
      expect.stringMatching(/^C2,2,/),
    ]);
  });

  test.each([
    ['half of a pair', 'a.npy', 'waiting', 'NO_IDS', /a\.ids\.csv or .*a\.ids\.txt/],
    ['the other half', 'a.ids.csv', 'waiting', 'NO_MATRIX', /a\.npy/],
    ['another name', 'a.parquet', 'rejected', 'UNKNOWN_NAME', /\.npy, \.ids\.csv and \.ids\.txt/],
  ] as const)('%s is reported with what is missing', async (_, name, status, code, message) => {
    expect(await dropHalf(stores, partitions, name, matrix)).toMatchObject({ status, matrixId: null });
    expect(await reports()).toMatchObject([
      { file: `vectors-inbox/${name}`, status, problem: { code, message: expect.stringMatching(message) } },
    ]);
  });

  test('beside two lists of ids is reported, not guessed', async () => {
    await dropHalf(stores, partitions, 'a.ids.csv', ids);
    await dropHalf(stores, partitions, 'a.ids.txt', ids);
    expect(await dropHalf(stores, partitions, 'a.npy', matrix)).toMatchObject({ status: 'rejected', matrixId: null });
    expect((await reports()).map(({ problem }) => problem?.code)).toContain('TWO_LISTS_OF_IDS');
    expect(await keysUnder(matricesPrefix)).toEqual([]);
  });
});

describe('when a run starts', () => {
  const quietMs = 60_000;
  let machine: Awaited<ReturnType<typeof startWaitingMachine>>;
  beforeEach(async () => {
    machine = await startWaitingMachine();
  });
  afterEach(() => machine.close());

  function ask(input: Parameters<typeof startRunWhenQuiet>[0]) {
    const nowMs = () => stores.nowMs() + quietMs;
    const options = { lease: lease(nowMs), stateMachineArn: machineArn, quietMs, nowMs };
    return startRunWhenQuiet(input, { ...stores, ...machine, ...options });
  }
  const lease = (nowMs = stores.nowMs) =>
    new RunLease(stores.registry, (arn) => machine.executions.stateOf(arn), nowMs);
  const drops = (name: string, value: number) => dropMatrix(stores, partitions, name, { C1: [value], C2: [0] });

  test('it is told which matrix to cluster, and is started once however often it is asked for', async () => {
    const { matrixId = '' } = (await drops('a', 1)) as { matrixId: string };
    const name = `vectors-${matrixId}`;
    expect(await ask({ matrixId })).toEqual({ started: true, reason: `started ${name}`, askAgain: false });
    expect(machine.inputOf(name)).toEqual({ trigger: 'vectors', matrixId });
    await machine.time.idle();
    await machine.executions.succeed(machine.tokens[0] ?? '', {});
    await machine.endOf(name);
    expect(await ask({ matrixId })).toMatchObject({ started: false, askAgain: false });
    expect(machine.names()).toEqual([name]);
  });

  test('of several matrices, and of a pair that was overwritten half by half, the newest is clustered', async () => {
    const { matrixId: first } = await drops('a', 1);
    const { matrixId: between } = await dropHalf(stores, partitions, 'a.npy', npyOf([[5], [6]]));
    const { matrixId: last } = await dropHalf(stores, partitions, 'a.ids.txt', 'C7\nC8\n');
    for (const matrixId of [first, between]) {
      expect(await ask({ matrixId: matrixId ?? '' })).toMatchObject({ started: false, askAgain: false });
    }
    expect(await ask({ matrixId: last ?? '' })).toMatchObject({ started: true });
  });

  test('a bad matrix starts none and keeps none from starting', async () => {
    const { matrixId: good } = await drops('good', 1);
    await dropHalf(stores, partitions, 'bad.npy', 'nothing');
    const { matrixId: bad } = await dropHalf(stores, partitions, 'bad.ids.txt', ids);
    expect(await ask({ matrixId: bad ?? '' })).toMatchObject({ started: false, askAgain: false });
    expect(await ask({ matrixId: good ?? '' })).toMatchObject({ started: true });
  });

  test('it waits for a run in progress', async () => {
    await lease().start(machine.executions, machineArn, 'manual-run', {});
    const { matrixId } = await drops('a', 1);
    expect(await ask({ matrixId: matrixId ?? '' })).toMatchObject({ started: false, askAgain: true });
  });

  test('files that were committed before a matrix went live still get their run', async () => {
    await drop(stores, partitions, 'sales.csv', sales('C1'));
    const [commitKey = ''] = await keysUnder(importsPrefix);
    await goLive('lake run');
    stores.advance(2000);
    await drop(stores, partitions, 'more.csv', sales('C2'));
    const later = (await keysUnder(importsPrefix)).find((key) => key !== commitKey) ?? '';
    stores.advance(2000);
    await goLive('run over a matrix', 'a'.repeat(32));
    await goLive('another', 'b'.repeat(32));
    expect(await ask({ commitKey: later })).toMatchObject({ started: true });
    expect(await ask({ day: '2026-02-03' })).toMatchObject({ started: false, reason: 'a run is in progress' });
  });

  test('a matrix that went live asks for no run over files that one has seen', async () => {
    await drop(stores, partitions, 'sales.csv', sales('C1'));
    stores.advance(2000);
    await goLive('lake run');
    await goLive('run over a matrix', 'a'.repeat(32));
    expect(await ask({ day: '2026-02-03' })).toMatchObject({ started: false, askAgain: false });
  });
});

/** Opens a run, makes it live and supersedes what was live, as Promote does. */
async function goLive(executionName: string, matrixId?: string): Promise<void> {
  const { registry, nowMs } = stores;
  const startedAt = new Date(nowMs()).toISOString();
  const live = await registry.findLive();
  const { runId, runSeq } = await registry.openRun(executionName, {
    ...{ trigger: 't', executionName, startedAt },
    ...(matrixId ? { matrixId } : {}),
  });
  const previousRunId = live?.runId;
  await registry.promote({
    ...{ runId, runSeq, promotedAt: startedAt, manifestSha256: 'm', modelVersion: 'm', asOf: startedAt },
    ...(previousRunId ? { previousRunId } : {}),
  });
  await registry.updateRun(runId, { status: 'LIVE' });
  if (previousRunId) await registry.updateRun(previousRunId, { status: 'SUPERSEDED' });
}

describe('a run over a matrix', () => {
  const options = { segments: 'auto', vectorDims: 8, model: 'auto', minimumAccuracy: 0.8, seed: 0 } as const;
  const vectors = { C1: [4, 0], C2: [0, 4], C9: [-4, -4] };

  async function planned(matrixId: string | null) {
    const startedAt = new Date(stores.nowMs()).toISOString();
    const execution = { executionName: 'e', executionArn: 'arn', startedAt, trigger: 'vectors' };
    const { runId } = await openRun({ ...execution, ...(matrixId ? { matrixId } : {}) }, stores);
    await planRun({ runId }, { ...stores, options, partitions });
    for (let partition = 0; partition < partitions; partition += 1) {
      await buildFeatures({ runId, partition }, stores);
    }
    return stores.objects.getJson(runKeys(runId).plan, (value) => runPlanSchema.parse(value));
  }

  test('places the vectors of the matrix, those of its customers and of nobody else', async () => {
    await drop(stores, partitions, 'sales.csv', sales('C1') + sales('LAKE-ONLY').split('\n')[1]);
    await drop(stores, partitions, 'customers.csv', 'customer_id,children\nC1,3\nC2,0\nLAKE-ONLY,1\n');
    const { matrixId } = await dropMatrix(stores, partitions, 'a', vectors);
    const { runId, asOfMs, matrix: planMatrix } = await planned(matrixId);
    expect(asOfMs).toBe(Date.UTC(2026, 0, 2));
    expect(planMatrix?.matrixId).toBe(matrixId);
    expect(await stores.registry.findRun(runId)).toMatchObject({ matrixId, trigger: 'vectors', files: 2 });

    const orders: Record<string, number> = {};
    const rows: string[] = [];
    for (let partition = 0; partition < partitions; partition += 1) {
      await placeVectors({ runId, partition }, stores);
      const features = await readTensors(stores.objects, runKeys(runId).features(partition));
      const customers = features.ids('customers');
      factsIn(features).forEach((facts, row) => {
        orders[customers[row] ?? ''] = facts.orders;
      });
      rows.push(...customers);
      const profiles = await stores.objects.getJson(runKeys(runId).profiles(partition), (value) => value);
      expect(profiles).toMatchObject({ prospects: [] });
    }
    expect(rows).toEqual(Object.keys(vectors).map(pseudonymOf).sort());
    expect(orders).toEqual({ [pseudonymOf('C1')]: 1, [pseudonymOf('C2')]: 0, [pseudonymOf('C9')]: 0 });
    const own = await lakeVectors(matrixId ?? '');
    const { vectors: placed } = await readRunVectors(stores.objects, runId, partitions);
    expect([...placed.data]).toEqual(rows.flatMap((customer) => own[customer] ?? []));
  });

  test('reads of the lake the profiles and interactions of its customers alone', async () => {
    await drop(stores, partitions, 'customers.csv', 'customer_id,children\nC1,3\nLAKE-ONLY,1\n');
    await drop(stores, partitions, 'sales.csv', sales('LAKE-ONLY'));
    const { matrixId } = await dropMatrix(stores, partitions, 'a', vectors);
    const lake = new LakeReader(stores.objects, await planned(matrixId));
    const [low, high] = await Promise.all([lake.customers(0), lake.customers(1)]);
    expect(new Map([...low, ...high])).toEqual(
      new Map([[pseudonymOf('C1'), { customer: pseudonymOf('C1'), attributes: { children: 3 } }]]),
    );
    const tables = await Promise.all([lake.interactions(0), lake.interactions(1)]);
    expect(tables.flatMap(({ customers }) => customers)).toEqual(Object.keys(vectors).map(pseudonymOf).sort());
    expect(tables.map(({ rows }) => rows)).toEqual([0, 0]);
  });

  test('needs no file in the lake; its facts are as of the drop', async () => {
    const { matrixId } = await dropMatrix(stores, partitions, 'a', vectors);
    const { modifiedAtMs } = await readMatrixCommit(stores.objects, matrixId ?? '');
    expect(await planned(matrixId)).toMatchObject({ asOfMs: modifiedAtMs, imports: [], language: 'en' });
  });

  test('leaves runs over the lake as they are', async () => {
    await drop(stores, partitions, 'sales.csv', sales('C1'));
    const before = await planned(null);
    await dropMatrix(stores, partitions, 'a', vectors);
    const { runId: _, runSeq: __, startedAt: ___, ...after } = await planned(null);
    expect(before).toMatchObject(after);
    expect(after.matrix).toBeUndefined();
  });
});
