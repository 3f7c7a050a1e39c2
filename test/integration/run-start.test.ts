import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRun } from '../../functions/routes/start-run.ts';
import { openRun } from '../../functions/states/open-run.ts';
import { startRunWhenQuiet } from '../../functions/triggers/start-run-when-quiet.ts';
import { Executions } from '../../storage/executions.ts';
import { importsPrefix } from '../../storage/keys.ts';
import { RunLease } from '../../storage/run-lease.ts';
import { drop, takeIn } from '../harness/dropped-files.ts';
import { credentials, type EmbeddedStores, region, startEmbeddedStores } from '../harness/embedded-stores.ts';
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

/** Ends the execution of this name, the `nth` that waited. */
async function end(name: string, nth = 0): Promise<void> {
  await machine.time.idle();
  await machine.executions.succeed(machine.tokens[nth] ?? '', {});
  await machine.endOf(name);
}

const executionArn = (name: string) => `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;

describe('one run at a time', () => {
  const open = (name: string) => {
    const event = { executionName: name, executionArn: executionArn(name), trigger: 'manual' };
    return openRun({ ...event, startedAt: new Date(stores.nowMs()).toISOString() }, { ...stores, lease: lease() });
  };

  test('of runs that are started by hand at once, the first to open goes on and the others are refused by its name', async () => {
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await machine.executions.start(machineArn, name, {});
    const opened = await Promise.allSettled(names.map(open));
    expect(opened.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    const goesOn = names[opened.findIndex(({ status }) => status === 'fulfilled')];
    for (const refused of opened.filter((one) => one.status === 'rejected')) {
      expect(refused.reason).toMatchObject({
        name: 'RunInProgressError',
        message: expect.stringContaining(`execution ${goesOn})`),
      });
    }
    expect((await stores.registry.listRuns({ limit: 10 })).map(({ executionName }) => executionName)).toEqual([goesOn]);
    await expect(open('e')).rejects.toThrow(`run-000001 (execution ${goesOn}) is in progress`);
  });

  test('a run that opens again, as its function is tried again, has the lease still', async () => {
    await machine.executions.start(machineArn, 'a', {});
    const { runId } = await open('a');
    expect((await open('a')).runId).toBe(runId);
  });

  test('a run that has ended, however it ended, lets the next one through: nobody has to give the lease back', async () => {
    await machine.executions.start(machineArn, 'a', {});
    await open('a');
    await machine.time.idle();
    await machine.executions.fail(machine.tokens[0] ?? '', 'Crashed', 'before it could say so');
    await machine.endOf('a').catch(() => {});
    await machine.executions.start(machineArn, 'b', {});
    expect((await open('b')).runId).toBe('run-000002');
  });

  test('a lease whose execution was never started holds for a minute, the time it may take to start', async () => {
    expect(await lease().take(executionArn('never'))).toBeUndefined();
    expect(await lease(() => stores.nowMs() + 59_000).take(executionArn('b'))).toBe('never');
    expect(await lease(() => stores.nowMs() + 61_000).take(executionArn('b'))).toBeUndefined();
  });

  test('of many who ask for the lease at once, one has it', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `e-${i}`);
    const holders = await Promise.all(names.map((name) => lease().take(executionArn(name))));
    const winner = names[holders.indexOf(undefined)];
    expect(holders).toEqual(names.map((name) => (name === winner ? undefined : winner)));
  });
});

describe('asked by the API', () => {
  const ask = (input: Parameters<typeof startRun>[0]) =>
    startRun(input, {
      ...stores,
      ...machine,
      lease: lease(),
      stateMachineArn: machineArn,
      uuid: randomUUID,
    });

  test('a run is started, known at once, with the options that were asked for', async () => {
    const { runId, executionName } = await ask({ body: { segments: 5 } });
    expect(machine.inputOf(executionName)).toEqual({ trigger: 'api', options: { segments: 5 } });
    expect(await stores.registry.findRun(runId)).toMatchObject({
      status: 'RUNNING',
      trigger: 'api',
      options: { segments: 5 },
    });
  });

  test('a run in progress is named in the refusal, and once it has ended the next one starts', async () => {
    const first = await ask({});
    await expect(ask({})).rejects.toMatchObject({ status: 409, message: expect.stringContaining(first.runId) });
    await end(first.executionName);
    expect((await ask({})).runId).toBe('run-000002');
  });

  test('a request that comes again with its key is answered the same, while the run goes on and long after', async () => {
    const request = { body: { segments: 3 }, idempotencyKey: 'k-1' };
    const first = await ask(request);
    expect(await ask(request)).toEqual(first);
    await end(first.executionName);
    await ask({});
    expect(await ask(request)).toEqual(first);
    expect(machine.names().length).toBe(2);
  });

  test('requests with one key at once start one run', async () => {
    const request = { idempotencyKey: 'k-2' };
    const answers = await Promise.all([ask(request), ask(request), ask(request)]);
    expect(new Set(answers.map(({ runId }) => runId)).size).toBe(1);
    expect(machine.names()).toEqual([answers[0].executionName]);
  });

  test('a key that came with another body is 422', async () => {
    await ask({ body: { segments: 3 }, idempotencyKey: 'k-3' });
    await expect(ask({ body: { segments: 4 }, idempotencyKey: 'k-3' })).rejects.toMatchObject({ status: 422 });
  });

  test('a start that was cut off is finished by the request that comes again', async () => {
    const request = { idempotencyKey: 'k-4' };
    // Nothing listens on port 1: the lease is taken, and no execution is started.
    const executions = new Executions({ region, credentials, endpoint: 'http://127.0.0.1:1' });
    const deps = { ...stores, lease: lease(), stateMachineArn: machineArn, uuid: randomUUID };
    await expect(startRun(request, { ...deps, executions })).rejects.toMatchObject({
      name: 'StorageUnavailableError',
    });
    expect(machine.names()).toEqual([]);
    expect((await ask(request)).runId).toBe('run-000001');
  });
});
