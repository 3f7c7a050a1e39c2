import type { ModelHost } from '../../contracts/model-jobs.ts';
import { segmentRunDefinition } from '../../infra/segment-run.asl.ts';
import { type Answer, bucketName, runId, scriptedMachine } from './scripted-machine.ts';

/** How long the scripted endpoint takes. */
export const answerAfterMs = 90_000;
const rows = () => ({ rows: 1 });

type Script = Readonly<Record<string, Answer>>;

/**
 * The segment run's own definition with functions that all go well, but for those of `script`: two partitions, two batches of texts,
 * two missed files where `open-run` says so. Model jobs go to the endpoint unless `hosts` says otherwise.
 */
export function scriptedRun(
  script: Script = {},
  objects: Readonly<Record<string, unknown>> = {},
  hosts: readonly ModelHost[] = ['sagemaker'],
) {
  const machine = scriptedMachine({
    definition: segmentRunDefinition(hosts),
    substitutions: { BucketName: bucketName },
    objects: {
      [`runs/${runId}/partitions.json`]: [{ partition: 0 }, { partition: 1 }],
      [`runs/${runId}/embed-jobs.json`]: [0, 1].map((batch) => ({
        batch,
        inputKey: `model-input/${batch}.json`,
        host: hosts[0],
      })),
      [`runs/${runId}/missed-files.json`]: [{ objectKey: 'inbox/a.csv' }, { objectKey: 'inbox/b.csv' }],
      ...objects,
    },
    functions: {
      'open-run': () => ({ rows: 0, runId, runSeq: 1, missedFiles: 0 }),
      'ingest-file': rows,
      'plan-run': rows,
      'build-features': rows,
      'collect-texts': () => ({ rows: 2, texts: 2, host: hosts[0], cachedProfileId: '' }),
      'submit-model-job': ({ taskToken, inputKey }) => {
        machine.answerTask(taskToken, { outputKey: `${inputKey}.out` }, answerAfterMs);
        return { inferenceId: 'i' };
      },
      'run-model-job': ({ inputKey }) => ({ outputKey: `${inputKey}.out` }),
      'continue-training': ({ inputKey, outputKey }) => ({ isFinished: true, inputKey, outputKey }),
      'cache-embeddings': () => ({ rows: 1, profileId: 'profile-a' }),
      'build-vectors': rows,
      'fit-output-layer': rows,
      'project-vectors': rows,
      'place-vectors': rows,
      'cluster-vectors': rows,
      'describe-segments': rows,
      'prepare-training': () => ({ rows: 1, inputKey: 'model-input/train.safetensors' }),
      'evaluate-run': () => ({ rows: 1, promote: true, reason: '' }),
      'discard-rows': rows,
      'publish-rows': rows,
      'promote-run': rows,
      'announce-run': rows,
      'close-run': rows,
      ...script,
    },
  });
  return machine;
}
