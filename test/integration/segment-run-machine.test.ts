import { describe, expect, test } from 'vitest';
import { segmentRunDefinition } from '../../infra/segment-run.asl.ts';
import { StateFailure } from '../../local/states/errors.ts';
import { lambdaError, type Payload, runId } from '../harness/scripted-machine.ts';
import { answerAfterMs, scriptedRun } from '../harness/scripted-run.ts';

/** The segment run's own definition on the states engine, in virtual time; the functions are scripted. */

/** The state that each function belongs to, in the order in which the design goes through them. */
const stateFunctions = [
  'plan-run',
  'build-features',
  'collect-texts',
  'submit-model-job',
  'cache-embeddings',
  'build-vectors',
  'fit-output-layer',
  'project-vectors',
  'cluster-vectors',
  'describe-segments',
  'prepare-training',
  'continue-training',
  'evaluate-run',
  'discard-rows',
  'publish-rows',
  'promote-run',
  'announce-run',
];

describe('a run that goes well', () => {
  test('goes through the states of the design in their order and ends LIVE', async () => {
    const machine = scriptedRun();
    const { status, output, visited } = await machine.run({ trigger: 'quiet' });
    expect({ status, output }).toEqual({ status: 'SUCCEEDED', output: { runId, status: 'LIVE' } });
    expect(visited.filter((name) => name in segmentRunDefinition(['sagemaker']).States)).toEqual([
      'OpenRun',
      'AnyFilesMissed',
      'Plan',
      'OwnVectors',
      'FeaturesAndTexts',
      'BuildVectors',
      'FitOutputLayer',
      'ProjectVectors',
      'Cluster',
      'DescribeAndTrain',
      'Evaluate',
      'GoodEnough',
      'DiscardStaleRows',
      'Publish',
      'Promote',
      'Announce',
      'Live',
    ]);
    expect(machine.callsOf('close-run')).toEqual([]);
    expect(machine.callsOf('ingest-file')).toEqual([]);
  });

  test('hands each function the run, its partition and where the model left its answer', async () => {
    const machine = scriptedRun();
    await machine.run({ trigger: 'quiet' });
    const payloads = (functionName: string): Payload[] => machine.callsOf(functionName).map(({ payload }) => payload);
    expect(payloads('open-run')).toEqual([
      {
        executionName: expect.any(String),
        executionArn: expect.stringContaining(':execution:Machine:'),
        startedAt: '2026-01-05T08:00:00.000Z',
        trigger: 'quiet',
        options: {},
        matrixId: '',
      },
    ]);
    expect(payloads('build-features')).toEqual([
      { runId, partition: 0, profileId: '' },
      { runId, partition: 1, profileId: '' },
    ]);
    expect(payloads('cache-embeddings')).toEqual(
      [0, 1].map((batch) => ({
        runId,
        job: { batch, inputKey: `model-input/${batch}.json`, host: 'sagemaker' },
        outputKey: `model-input/${batch}.json.out`,
      })),
    );
    for (const functionName of ['build-vectors', 'project-vectors', 'publish-rows']) {
      expect(payloads(functionName)).toEqual([
        { runId, partition: 0, profileId: 'profile-a' },
        { runId, partition: 1, profileId: 'profile-a' },
      ]);
    }
    expect(payloads('evaluate-run')).toEqual([{ runId, trainingOutputKey: 'model-input/train.safetensors.out' }]);
    for (const functionName of ['plan-run', 'discard-rows', 'promote-run', 'announce-run']) {
      expect(payloads(functionName)).toEqual([{ runId }]);
    }
  });

  test('is manual where the input names no trigger', async () => {
    const machine = scriptedRun();
    await machine.run();
    expect(machine.callsOf('open-run')[0]?.payload.trigger).toBe('manual');
  });

  test('embeds nothing and takes the cached profile where every text has its vector', async () => {
    const machine = scriptedRun(
      { 'collect-texts': () => ({ rows: 0, texts: 9, cachedProfileId: 'profile-cached' }) },
      { [`runs/${runId}/embed-jobs.json`]: [] },
    );
    expect((await machine.run()).status).toBe('SUCCEEDED');
    expect(machine.callsOf('cache-embeddings')).toEqual([]);
    expect(machine.callsOf('submit-model-job').map(({ payload }) => payload.inputKey)).toEqual([
      'model-input/train.safetensors',
    ]);
    expect(machine.callsOf('build-vectors')[0]?.payload.profileId).toBe('profile-cached');
  });
});

describe("a run over a team's own vectors", () => {
  test('goes from the plan over what the lake knows of the customers to Cluster, and embeds nothing', async () => {
    const machine = scriptedRun();
    const { status, visited } = await machine.run({ trigger: 'vectors', matrixId: 'm1' });
    expect(status).toBe('SUCCEEDED');
    const plan = visited.indexOf('Plan');
    expect(visited.slice(plan).filter((name) => name in segmentRunDefinition(['sagemaker']).States)).toEqual([
      'Plan',
      'OwnVectors',
      'BuildKnownFeatures',
      'PlaceVectors',
      'Cluster',
      'DescribeAndTrain',
      'Evaluate',
      'GoodEnough',
      'DiscardStaleRows',
      'Publish',
      'Promote',
      'Announce',
      'Live',
    ]);
    expect(machine.callsOf('open-run')[0]?.payload).toMatchObject({ trigger: 'vectors', matrixId: 'm1' });
    for (const functionName of ['build-features', 'place-vectors']) {
      expect(machine.callsOf(functionName).map(({ payload }) => payload)).toEqual([
        { runId, partition: 0, profileId: '' },
        { runId, partition: 1, profileId: '' },
      ]);
    }
    expect(machine.callsOf('submit-model-job').map(({ payload }) => payload.inputKey)).toEqual([
      'model-input/train.safetensors',
    ]);
  });

  test.each(['build-features', 'place-vectors'])('ends as FAILED where %s fails', async (functionName) => {
    const machine = scriptedRun({
      [functionName]: () => {
        throw lambdaError('CorruptRecordError', 'no such part');
      },
    });
    const { status, visited } = await machine.run({ matrixId: 'm1' });
    expect([status, ...visited.slice(-2)]).toEqual(['FAILED', 'RecordFailure', 'RunFailed']);
    expect(machine.callsOf('cluster-vectors')).toEqual([]);
  });
});

describe('a function that fails', () => {
  test.each(stateFunctions.filter((name) => name !== 'submit-model-job'))(
    '%s ends the run as FAILED, and nothing after it runs',
    async (functionName) => {
      const failure = lambdaError('CorruptRecordError', `${functionName} met a corrupt record`);
      const machine = scriptedRun({
        [functionName]: () => {
          throw failure;
        },
      });
      const { status, error, visited } = await machine.run();
      // A Distributed Map fails as a whole once an item has failed, under an error of its own.
      const inMap = /features|vectors$|rows$|embeddings/.test(functionName) && !/cluster|discard/.test(functionName);
      const expectedError = inMap ? 'States.ExceedToleratedFailureThreshold' : 'CorruptRecordError';
      expect({ status, error }).toEqual({ status: 'FAILED', error: expectedError });
      expect(visited.slice(-2)).toEqual(['RecordFailure', 'RunFailed']);
      const last = machine.calls.at(-1);
      expect(last).toMatchObject({
        functionName: 'close-run',
        payload: { runId, status: 'FAILED', error: expectedError, reason: expect.any(String) },
      });
      if (!inMap) expect(last?.payload.reason).toBe(failure.causeText);
      const later = stateFunctions.slice(stateFunctions.indexOf(functionName) + 1);
      const barrier = later.filter(
        (name) =>
          !['collect-texts', 'submit-model-job', 'cache-embeddings', 'prepare-training', 'continue-training'].includes(
            name,
          ),
      );
      expect(machine.calls.map((call) => call.functionName).filter((name) => barrier.includes(name))).toEqual([]);
      expect(machine.callsOf(functionName).length).toBeLessThanOrEqual(2); // one per item: it is not asked again
    },
  );

  test('OpenRun ends the execution at once: there is no run yet that could be closed', async () => {
    const machine = scriptedRun({
      'open-run': () => {
        throw lambdaError('CorruptRecordError', 'no counter');
      },
    });
    const { status, error, cause, visited } = await machine.run();
    expect([status, error, JSON.parse(cause ?? '').errorMessage]).toEqual([
      'FAILED',
      'CorruptRecordError',
      'no counter',
    ]);
    expect(visited).toEqual(['OpenRun', 'RunFailed']);
    expect(machine.calls.map(({ functionName }) => functionName)).toEqual(['open-run']);
  });

  test('tells its own error even where the failure cannot be recorded', async () => {
    const machine = scriptedRun({
      'plan-run': () => {
        throw lambdaError('NothingToSegmentError', 'no interactions');
      },
      'close-run': () => {
        throw lambdaError('CorruptRecordError', 'no such run');
      },
    });
    expect(await machine.run()).toMatchObject({ status: 'FAILED', error: 'NothingToSegmentError' });
  });

  test('in one branch ends the other: an answer of the model that comes after it changes nothing', async () => {
    let said: string[] = [];
    const machine = scriptedRun({
      'describe-segments': async () => {
        await new Promise<void>((resolve) => {
          machine.time.after(answerAfterMs / 2, resolve);
        });
        throw lambdaError('CorruptRecordError', 'no centroids');
      },
      'submit-model-job': ({ taskToken, inputKey }) => {
        said = machine.answerTask(taskToken, { outputKey: `${inputKey}.out` }, answerAfterMs);
        return {};
      },
    });
    const { status } = await machine.run();
    const callsAtEnd = machine.calls.length;
    await machine.time.advance(answerAfterMs);
    expect([status, said, machine.calls.length]).toEqual(['FAILED', ['TaskTimedOut'], callsAtEnd]);
  });
});

describe('an error that may pass', () => {
  const transient = [
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
    'Lambda.ClientExecutionTimeoutException',
    'StorageUnavailableError',
  ];

  test.each(transient)('%s is tried again, and the run goes on', async (error) => {
    const machine = scriptedRun({
      'plan-run': (_, earlierCalls) => {
        if (earlierCalls < 2) throw new StateFailure(error, 'later');
        return { rows: 1 };
      },
    });
    expect((await machine.run()).status).toBe('SUCCEEDED');
    expect(machine.callsOf('plan-run')).toHaveLength(3);
  });

  test('is given up after five retries, 1, 2, 4, 8 and 16 s apart with full jitter', async () => {
    const machine = scriptedRun({
      'plan-run': () => {
        throw new StateFailure('StorageUnavailableError', 'slow down');
      },
    });
    expect(await machine.run()).toMatchObject({ status: 'FAILED', error: 'StorageUnavailableError' });
    const times = machine.callsOf('plan-run').map(({ atMs }) => atMs);
    // Full jitter: a random part of the interval; the random source of the test always gives one half.
    expect(times.slice(1).map((atMs, i) => atMs - (times[i] as number))).toEqual([500, 1000, 2000, 4000, 8000]);
    expect(machine.callsOf('close-run')).toHaveLength(1);
  });

  test('is tried again within a map, for the item that met it alone', async () => {
    const seen = new Map<number, number>();
    const machine = scriptedRun({
      'publish-rows': ({ partition }) => {
        seen.set(partition, (seen.get(partition) ?? 0) + 1);
        if (partition === 1 && seen.get(1) === 1) throw new StateFailure('Lambda.TooManyRequestsException', 'busy');
        return { rows: 1 };
      },
    });
    expect((await machine.run()).status).toBe('SUCCEEDED');
    expect([...seen]).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });
});

describe('a run that is held back', () => {
  test('ends well, as HELD, and publishes nothing', async () => {
    const machine = scriptedRun({
      'evaluate-run': () => ({ rows: 1, promote: false, reason: 'accuracy 0.41 is below 0.8' }),
    });
    const { status, output, visited } = await machine.run();
    expect({ status, output }).toEqual({ status: 'SUCCEEDED', output: { runId, status: 'HELD' } });
    expect(visited.slice(-4)).toEqual(['Evaluate', 'GoodEnough', 'HoldBack', 'Held']);
    expect(machine.calls.at(-1)).toMatchObject({
      functionName: 'close-run',
      payload: { runId, status: 'HELD', reason: 'accuracy 0.41 is below 0.8' },
    });
    const published = ['discard-rows', 'publish-rows', 'promote-run', 'announce-run'].flatMap(machine.callsOf);
    expect(published).toEqual([]);
  });
});

describe('files that no commit stands for', () => {
  test('are taken in before the plan is made, and one that cannot be does not hold up the others', async () => {
    const machine = scriptedRun({
      'open-run': () => ({ rows: 2, runId, runSeq: 1, missedFiles: 2 }),
      'ingest-file': ({ objectKey }) => {
        if (objectKey === 'inbox/a.csv') throw lambdaError('CorruptRecordError', 'broken');
        return { rows: 1 };
      },
    });
    const { status, visited } = await machine.run();
    expect(status).toBe('SUCCEEDED');
    expect(visited.slice(0, 4)).toEqual(['OpenRun', 'AnyFilesMissed', 'IngestMissed', 'Plan']);
    expect(machine.callsOf('ingest-file').map(({ payload }) => payload)).toEqual([
      { objectKey: 'inbox/a.csv' },
      { objectKey: 'inbox/b.csv' },
    ]);
  });
});
