import { describe, expect, test } from 'vitest';
import { StateFailure } from '../../local/states/errors.ts';
import { runId } from '../harness/scripted-machine.ts';
import { answerAfterMs, scriptedRun } from '../harness/scripted-run.ts';

/** How the segment run waits for the model endpoint: its own definition on the states engine, in virtual time. */

describe('the model endpoint', () => {
  test('whose profile has changed makes all texts be collected anew, once', async () => {
    const machine = scriptedRun({
      'collect-texts': ({ ignoreCache }) => ({ rows: 2, texts: 9, cachedProfileId: ignoreCache ? '' : 'profile-old' }),
      'submit-model-job': ({ taskToken, inputKey }, earlierCalls) => {
        const changed = new StateFailure('EmbeddingProfileChangedError', 'another device');
        machine.answerTask(taskToken, earlierCalls < 2 ? changed : { outputKey: `${inputKey}.out` }, answerAfterMs);
        return {};
      },
      'cache-embeddings': () => ({ rows: 1, profileId: 'profile-new' }),
    });
    expect((await machine.run()).status).toBe('SUCCEEDED');
    expect(machine.callsOf('collect-texts').map(({ payload }) => payload)).toEqual([
      { runId, ignoreCache: false },
      { runId, ignoreCache: true },
    ]);
    expect(machine.callsOf('build-vectors').map(({ payload }) => payload.profileId)).toEqual([
      'profile-new',
      'profile-new',
    ]);
  });

  test('that says nothing for two hours fails the run; its answer after that changes nothing', async () => {
    let said: string[] = [];
    const machine = scriptedRun({
      'submit-model-job': ({ taskToken, inputKey }) => {
        const isTraining = inputKey.includes('train');
        said = machine.answerTask(taskToken, { outputKey: 'o' }, isTraining ? 7_200_001 : answerAfterMs);
        return {};
      },
    });
    const { status, error, tookMs } = await machine.run();
    expect({ status, error, tookMs }).toEqual({
      status: 'FAILED',
      error: 'States.Timeout',
      tookMs: answerAfterMs + 7_200_000,
    });
    expect(machine.calls.at(-1)).toMatchObject({ functionName: 'close-run', payload: { error: 'States.Timeout' } });
    const callsAtEnd = machine.calls.length;
    await machine.time.advance(60_000);
    expect([said, machine.calls.length]).toEqual([['TaskTimedOut'], callsAtEnd]);
  });

  test('that says nothing about a batch of texts fails the map of the texts', async () => {
    const machine = scriptedRun({ 'submit-model-job': () => ({}) });
    expect(await machine.run()).toMatchObject({
      status: 'FAILED',
      error: 'States.ExceedToleratedFailureThreshold',
      tookMs: 7_200_000,
    });
  });

  test('that refuses for now is asked again after 5, 10 and 20 s, each time with a token of its own', async () => {
    const training: { readonly atMs: number; readonly taskToken: string }[] = [];
    const refusals = 3;
    const machine = scriptedRun({
      'submit-model-job': ({ taskToken, inputKey }) => {
        const isTraining = inputKey.includes('train');
        if (isTraining) training.push({ atMs: machine.time.nowMs(), taskToken });
        const busy = new StateFailure('ModelJobRetryableError', 'TOO_BUSY: later');
        const refused = isTraining && training.length <= refusals;
        machine.answerTask(taskToken, refused ? busy : { outputKey: `${inputKey}.out` }, 0);
        return {};
      },
    });
    expect((await machine.run()).status).toBe('SUCCEEDED');
    const times = training.map(({ atMs }) => atMs);
    expect(times.slice(1).map((atMs, i) => atMs - (times[i] as number))).toEqual([5000, 10_000, 20_000]);
    expect(new Set(training.map(({ taskToken }) => taskToken)).size).toBe(4);
  });

  test('that goes on refusing fails the run', async () => {
    const machine = scriptedRun({
      'submit-model-job': ({ taskToken, inputKey }) => {
        const busy = new StateFailure('ModelJobRetryableError', 'TOO_BUSY: later');
        machine.answerTask(taskToken, inputKey.includes('train') ? busy : { outputKey: 'o' }, 0);
        return {};
      },
    });
    expect(await machine.run()).toMatchObject({
      status: 'FAILED',
      error: 'ModelJobRetryableError',
      cause: 'TOO_BUSY: later',
    });
  });

  test('that refuses a job for good is not asked again', async () => {
    const machine = scriptedRun({
      'submit-model-job': ({ taskToken, inputKey }) => {
        const refused = new StateFailure('ModelJobFailedError', 'INVALID_JOB: classes must be at least 2');
        machine.answerTask(taskToken, inputKey.includes('train') ? refused : { outputKey: 'o' }, 0);
        return {};
      },
    });
    expect(await machine.run()).toMatchObject({ status: 'FAILED', error: 'ModelJobFailedError' });
    expect(
      machine.callsOf('submit-model-job').filter(({ payload }) => payload.inputKey.includes('train')),
    ).toHaveLength(1);
  });

  test('whose answer comes twice is heard once', async () => {
    const second: string[][] = [];
    const machine = scriptedRun({
      'submit-model-job': ({ taskToken, inputKey }) => {
        machine.answerTask(taskToken, { outputKey: `${inputKey}.out` }, 1000);
        second.push(machine.answerTask(taskToken, { outputKey: 'another' }, 1000));
        return {};
      },
    });
    expect((await machine.run()).status).toBe('SUCCEEDED');
    await machine.time.advance(0);
    expect(second.flat()).toEqual(['TaskTimedOut', 'TaskTimedOut', 'TaskTimedOut']);
    expect(machine.callsOf('evaluate-run')[0]?.payload.trainingOutputKey).toBe('model-input/train.safetensors.out');
  });
});
