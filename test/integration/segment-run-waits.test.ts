import { describe, expect, test } from 'vitest';
import { StateFailure } from '../../local/states/errors.ts';
import { lambdaError, runId } from '../harness/scripted-machine.ts';
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

describe('a Lambda function that does the model jobs', () => {
  const inLambda = (script: Parameters<typeof scriptedRun>[0] = {}) => scriptedRun(script, {}, ['lambda']);

  test('embeds and trains, and nothing waits for a token', async () => {
    const machine = inLambda();
    expect((await machine.run()).status).toBe('SUCCEEDED');
    expect(machine.callsOf('run-model-job').map(({ payload }) => payload)).toEqual([
      { runId, inputKey: 'model-input/0.json' },
      { runId, inputKey: 'model-input/1.json' },
      { runId, inputKey: 'model-input/train.safetensors' },
    ]);
    expect(machine.callsOf('submit-model-job')).toEqual([]);
    expect(machine.callsOf('cache-embeddings').map(({ payload }) => payload.outputKey)).toEqual([
      'model-input/0.json.out',
      'model-input/1.json.out',
    ]);
  });

  test('beside an endpoint embeds what the run gives it, and trains', async () => {
    const jobs = (host: string) => ({
      [`runs/${runId}/embed-jobs.json`]: [{ batch: 0, inputKey: 'model-input/0.json', host }],
    });
    const onEndpoint = scriptedRun({}, jobs('sagemaker'), ['lambda', 'sagemaker']);
    expect((await onEndpoint.run()).status).toBe('SUCCEEDED');
    const inputsOf = (machine: typeof onEndpoint, functionName: string) =>
      machine.callsOf(functionName).map(({ payload }) => payload.inputKey);
    expect(inputsOf(onEndpoint, 'submit-model-job')).toEqual(['model-input/0.json']);
    expect(inputsOf(onEndpoint, 'run-model-job')).toEqual(['model-input/train.safetensors']);
    const here = scriptedRun({}, jobs('lambda'), ['lambda', 'sagemaker']);
    expect((await here.run()).status).toBe('SUCCEEDED');
    expect(inputsOf(here, 'submit-model-job')).toEqual([]);
    expect(inputsOf(here, 'run-model-job')).toEqual(['model-input/0.json', 'model-input/train.safetensors']);
  });

  test('that lands on a processor of another kind is asked again; three times, and all texts are embedded anew', async () => {
    const machine = inLambda({
      'run-model-job': ({ inputKey }, earlierCalls) => {
        if (inputKey.endsWith('/0.json') && earlierCalls < 5)
          throw lambdaError('EmbeddingProfileChangedError', 'other');
        return { outputKey: `${inputKey}.out` };
      },
    });
    expect((await machine.run()).status).toBe('SUCCEEDED');
    expect(machine.callsOf('collect-texts').map(({ payload }) => payload.ignoreCache)).toEqual([false, true]);
  });

  test('whose processors are of two kinds gives one profile at the second try, or the run fails', async () => {
    const profiles = (...ofCalls: string[]) =>
      inLambda({ 'cache-embeddings': (_, earlierCalls) => ({ rows: 1, profileId: ofCalls[earlierCalls]! }) });
    const second = profiles('a', 'b', 'b', 'b');
    expect((await second.run()).status).toBe('SUCCEEDED');
    expect(second.callsOf('collect-texts')).toHaveLength(2);
    expect(second.callsOf('build-vectors')[0]?.payload.profileId).toBe('b');
    const never = profiles('a', 'b', 'a', 'b');
    expect(await never.run()).toMatchObject({ status: 'FAILED', error: 'EmbeddingProfilesDifferError' });
    expect(never.callsOf('build-vectors')).toEqual([]);
  });
});

test.each([[['lambda'] as const], [['sagemaker'] as const]])(
  'a training that comes back as a checkpoint goes on until it is finished, on %s',
  async (hosts) => {
    const machine = scriptedRun(
      {
        'continue-training': ({ inputKey, outputKey }, earlierCalls) => ({
          isFinished: earlierCalls === 2,
          inputKey: earlierCalls === 2 ? inputKey : `model-input/leg-${earlierCalls + 1}.safetensors`,
          outputKey,
        }),
      },
      {},
      hosts,
    );
    expect((await machine.run()).status).toBe('SUCCEEDED');
    const asked = hosts[0] === 'lambda' ? 'run-model-job' : 'submit-model-job';
    const trained = machine
      .callsOf(asked)
      .map(({ payload }) => payload.inputKey)
      .filter((key) => /train|leg/.test(key));
    expect(trained).toEqual([
      'model-input/train.safetensors',
      'model-input/leg-1.safetensors',
      'model-input/leg-2.safetensors',
    ]);
    expect(machine.callsOf('evaluate-run')[0]?.payload.trainingOutputKey).toBe('model-input/leg-2.safetensors.out');
  },
);
