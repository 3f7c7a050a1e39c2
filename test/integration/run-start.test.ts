import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRunWhenQuiet } from '../../functions/triggers/start-run-when-quiet.ts';
import { importsPrefix } from '../../storage/keys.ts';
import { RunLease } from '../../storage/run-lease.ts';
import { drop, takeIn } from '../harness/dropped-files.ts';
import { type EmbeddedStores, startEmbeddedStores } from '../harness/embedded-stores.ts';
import { machineArn, startWaitingMachine } from '../harness/waiting-machine.ts';

/** When a run starts: asked with real commits in the embedded S3 and real executions on the states engine. */

const partitions = 2;
const quietMs = 60_000;
let stores: EmbeddedStores;
let machine: Awaited<ReturnType<typeof startWaitingMachine>>;
beforeEach(async () => {
  [stores, machine] = await Promise.all([startEmbeddedStores(partitions), startWaitingMachine()]);
});
afterEach(() => Promise.all([stores.close(), machine.close()]));

const sales = (customer: string) => `customer_id,date,item,quantity,price\n${customer},2026-01-02,Lamp,1,3\n`;

function ask(input: Parameters<typeof startRunWhenQuiet>[0], laterMs = quietMs) {
  const nowMs = () => stores.nowMs() + laterMs;
  return startRunWhenQuiet(input, {
    ...stores,
    ...machine,
    lease: lease(nowMs),
    stateMachineArn: machineArn,
    quietMs,
    nowMs,
  });
}

/** The lease by the machine's own account of its executions. */
const lease = (nowMs = stores.nowMs) => new RunLease(stores.registry, (arn) => machine.executions.stateOf(arn), nowMs);

/** Drops a file and gives the key of its commit. */
async function commit(name: string): Promise<string> {
  const known = new Set((await stores.objects.list(importsPrefix)).map(({ key }) => key));
  await drop(stores, partitions, name, sales(name));
  const added = (await stores.objects.list(importsPrefix)).find(({ key }) => !known.has(key));
  return added?.key ?? '';
}

async function goLive(startedAt: string): Promise<void> {
  const executionName = `execution of ${startedAt}`;
  const { runId, runSeq } = await stores.registry.openRun(executionName, { trigger: 't', executionName, startedAt });
  const pointer = { promotedAt: startedAt, manifestSha256: 'm', modelVersion: 'm', asOf: startedAt };
  await stores.registry.promote({ runId, runSeq, ...pointer });
}

describe('asked for a commit', () => {
  test('a run is started under the name of the import, once however often it is asked', async () => {
    const commitKey = await commit('a.csv');
    const name = `quiet-${commitKey.split('.').at(-2)}`;
    expect(await ask({ commitKey })).toEqual({ started: true, reason: `started ${name}`, askAgain: false });
    expect(machine.names()).toEqual([name]);
    expect(machine.inputOf(name)).toEqual({ trigger: 'quiet' });
    await machine.time.idle();
    await machine.executions.succeed(machine.tokens[0] ?? '', {});
    await machine.endOf(name);
    expect(await ask({ commitKey })).toMatchObject({ started: false, askAgain: false });
    expect(machine.names()).toEqual([name]);
  });

  test('the last of a burst decides, the others do not', async () => {
    const [first, second] = [await commit('a.csv'), await commit('b.csv')];
    expect(await ask({ commitKey: first })).toMatchObject({ started: false, askAgain: false });
    expect(machine.names()).toEqual([]);
    expect(await ask({ commitKey: second })).toMatchObject({ started: true });
  });

  test('of two commits in one millisecond exactly one decides', async () => {
    const frozen = stores.nowMs();
    const at = { ...stores, nowMs: () => frozen };
    for (const name of ['a.csv', 'b.csv', 'c.csv']) {
      await stores.objects.put(`inbox/${name}`, sales(name));
      await takeIn(at, partitions, { objectKey: `inbox/${name}` });
    }
    const keys = (await stores.objects.list(importsPrefix)).map(({ key }) => key);
    const decisions = [];
    for (const commitKey of keys) decisions.push(await ask({ commitKey }));
    expect(decisions.filter(({ started }) => started).length).toBe(1);
  });

  test('while a file is still being taken in, the question is put off', async () => {
    const commitKey = await commit('a.csv');
    await stores.objects.put('inbox/arriving.csv', sales('b'));
    expect(await ask({ commitKey })).toMatchObject({ started: false, askAgain: true });
    expect(machine.names()).toEqual([]);
  });

  test('a file that has not been committed for a quarter of an hour holds nothing up: the run takes it in', async () => {
    const commitKey = await commit('a.csv');
    await stores.objects.put('inbox/stuck.csv', sales('b'));
    expect(await ask({ commitKey }, 15 * 60_000 + 2000)).toMatchObject({ started: true });
  });

  test('while a run is in progress, the question is put off', async () => {
    expect(await lease().start(machine.executions, machineArn, 'manual-run', {})).toEqual({ outcome: 'started' });
    const commitKey = await commit('a.csv');
    expect(await ask({ commitKey })).toEqual({ started: false, reason: 'a run is in progress', askAgain: true });
    await machine.time.idle();
    await machine.executions.succeed(machine.tokens[0] ?? '', {});
    await machine.endOf('manual-run');
    expect(await ask({ commitKey })).toMatchObject({ started: true });
  });

  test('no run is started where the live one began after the commit', async () => {
    const commitKey = await commit('a.csv');
    stores.advance(5000);
    await goLive(new Date(stores.nowMs()).toISOString());
    expect(await ask({ commitKey })).toMatchObject({ started: false, askAgain: false });
    const later = await commit('b.csv');
    expect(await ask({ commitKey: later })).toMatchObject({ started: true });
  });
});

describe('asked by the daily schedule', () => {
  const day = '2026-02-03';

  test('a run is started for what was committed since the live run began, once a day', async () => {
    await commit('a.csv');
    expect(await ask({ day })).toMatchObject({ started: true, reason: 'started schedule-2026-02-03' });
    expect(machine.inputOf('schedule-2026-02-03')).toEqual({ trigger: 'schedule' });
  });

  test('nothing is started where nothing was ever committed, or not since', async () => {
    expect(await ask({ day })).toMatchObject({ started: false, askAgain: false });
    await commit('a.csv');
    stores.advance(5000);
    await goLive(new Date(stores.nowMs()).toISOString());
    expect(await ask({ day })).toMatchObject({ started: false, askAgain: false });
    expect(machine.names()).toEqual([]);
  });
});
