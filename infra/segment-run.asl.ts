/**
 * The segment run as an Amazon States Language machine (JSONata query language). States carry the names of the design's stages;
 * each task is the function of the same name under `functions/states/`. Payloads carry a run's id and a partition, never data:
 * every function derives its S3 keys from those (`storage/keys.ts`).
 *
 * `${…}` placeholders are filled by CloudFormation (DefinitionSubstitutions).
 */
import type { ModelHost } from '../contracts/model-jobs.ts';
import { invoke, type State } from './lambda-task.asl.ts';
import { modelJobStates } from './model-job-states.asl.ts';

/** The Distributed Map whose children wait for the model. */
export const textBatchLabel = 'EmbedTextBatch';

/** Any error ends the run as FAILED: what was live stays live, and nothing of this run is visible. */
const failRun = [
  {
    ErrorEquals: ['States.ALL'],
    Assign: { failure: '{% $states.errorOutput %}' },
    Next: 'RecordFailure',
  },
];

const runId = '{% $runId %}';

/** One function over every partition of the lake, as a Distributed Map. */
function overPartitions(functionName: string, task: string): State {
  return {
    Type: 'Map',
    Label: task,
    ItemReader: {
      Resource: 'arn:aws:states:::s3:getObject',
      ReaderConfig: { InputType: 'JSON' },
      Arguments: { Bucket: '${BucketName}', Key: "{% 'runs/' & $runId & '/partitions.json' %}" },
    },
    ItemSelector: { runId, partition: '{% $states.context.Map.Item.Value.partition %}', profileId: '{% $profileId %}' },
    MaxConcurrency: 1000,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: task,
      States: {
        [task]: { ...invoke(functionName, '{% $states.input %}' as never), End: true },
      },
    },
    ResultWriter: {
      Resource: 'arn:aws:states:::s3:putObject',
      Arguments: { Bucket: '${BucketName}', Prefix: `{% 'runs/' & $runId & '/map-results/${task}' %}` },
    },
  };
}

const branchOfFeatures = {
  StartAt: 'BuildFeatures',
  States: {
    BuildFeatures: { ...overPartitions('build-features', 'BuildPartitionFeatures'), Output: {}, End: true },
  },
};

/** As many functions at a time as a new account has room for, besides two; the endpoint has a queue of its own. */
const embedJobsAtOnce = (hosts: readonly ModelHost[]) => (hosts.includes('lambda') ? 8 : 100);

const branchOfTexts = (hosts: readonly ModelHost[]) => ({
  StartAt: 'UseCachedVectors',
  States: {
    UseCachedVectors: { Type: 'Pass', Assign: { ignoreCache: false }, Next: 'CollectTexts' },
    CollectTexts: {
      ...invoke('collect-texts', { runId, ignoreCache: '{% $ignoreCache %}' }),
      Assign: { cachedProfileId: '{% $states.result.Payload.cachedProfileId %}' },
      Next: 'EmbedTexts',
    },
    EmbedTexts: {
      Type: 'Map',
      Label: textBatchLabel,
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSON' },
        Arguments: { Bucket: '${BucketName}', Key: "{% 'runs/' & $runId & '/embed-jobs.json' %}" },
      },
      ItemSelector: { runId, job: '{% $states.context.Map.Item.Value %}' },
      MaxConcurrency: embedJobsAtOnce(hosts),
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'EmbedTextBatch',
        States: {
          ...modelJobStates('EmbedTextBatch', {
            hosts,
            host: '$states.input.job.host',
            payload: { runId: '{% $states.input.runId %}', inputKey: '{% $states.input.job.inputKey %}' },
            output: (outputKey) => ({
              runId: '{% $states.input.runId %}',
              job: '{% $states.input.job %}',
              outputKey: `{% ${outputKey} %}`,
            }),
            onProfileChanged: 'ProfileChanged',
            next: 'CacheEmbeddings',
          }),
          CacheEmbeddings: { ...invoke('cache-embeddings', '{% $states.input %}' as never), End: true },
          ProfileChanged: { Type: 'Pass', Output: { profileChanged: true }, End: true },
        },
      },
      Assign: {
        profileChanged: '{% $count($states.result[profileChanged = true]) > 0 %}',
        embeddedProfileIds: '{% [$distinct($states.result.profileId)] %}',
      },
      Next: 'OneProfile',
    },
    OneProfile: {
      Type: 'Choice',
      Choices: [
        {
          // The host's device or runtime is another than that of the cached vectors, or of some texts: embed all texts anew.
          Condition: '{% ($profileChanged or $count($embeddedProfileIds) > 1) and $not($ignoreCache) %}',
          Assign: { ignoreCache: true },
          Next: 'CollectTexts',
        },
        { Condition: '{% $count($embeddedProfileIds) > 1 %}', Next: 'ProfilesDiffer' },
      ],
      Default: 'TextsEmbedded',
    },
    ProfilesDiffer: {
      Type: 'Fail',
      Error: 'EmbeddingProfilesDifferError',
      Cause:
        "{% 'the texts of this run were embedded under several profiles, ' & $join($embeddedProfileIds, ', ') & " +
        "': start the run again; where it happens again, set modelHosting to sagemaker' %}",
    },
    TextsEmbedded: {
      Type: 'Pass',
      Output: { profileId: '{% $count($embeddedProfileIds) = 1 ? $embeddedProfileIds[0] : $cachedProfileId %}' },
      End: true,
    },
  },
});

/** A head trains on one thread wherever it is: in the Lambda where there is one, since the endpoint would have to wake first. */
const branchOfTraining = (hosts: readonly ModelHost[]) => ({
  StartAt: 'PrepareTraining',
  States: {
    PrepareTraining: { ...invoke('prepare-training', { runId }), Next: 'TrainClassifier' },
    ...modelJobStates('TrainClassifier', {
      hosts: hosts.includes('lambda') ? ['lambda'] : hosts,
      host: "'lambda'",
      payload: { runId, inputKey: '{% $states.input.inputKey %}' },
      output: (outputKey) => ({ inputKey: '{% $states.input.inputKey %}', outputKey: `{% ${outputKey} %}` }),
      next: 'ContinueTraining',
    }),
    // A training that takes longer than an invocation may last comes back as a checkpoint, and goes on from it.
    ContinueTraining: {
      ...invoke('continue-training', {
        runId,
        inputKey: '{% $states.input.inputKey %}',
        outputKey: '{% $states.input.outputKey %}',
      }),
      Next: 'TrainingFinished',
    },
    TrainingFinished: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.isFinished %}', Next: 'ClassifierTrained' }],
      Default: 'TrainClassifier',
    },
    ClassifierTrained: { Type: 'Pass', Output: { outputKey: '{% $states.input.outputKey %}' }, End: true },
  },
});

/** @param hosts where this deployment runs model jobs */
export const segmentRunDefinition = (hosts: readonly ModelHost[]) => ({
  Comment: 'Kindred: from committed files to live customer segments',
  QueryLanguage: 'JSONata',
  StartAt: 'OpenRun',
  TimeoutSeconds: 86_400,
  States: {
    OpenRun: {
      ...invoke('open-run', {
        executionName: '{% $states.context.Execution.Name %}',
        executionArn: '{% $states.context.Execution.Id %}',
        startedAt: '{% $states.context.Execution.StartTime %}',
        trigger: "{% $exists($states.input.trigger) ? $states.input.trigger : 'manual' %}",
        options: '{% $exists($states.input.options) ? $states.input.options : {} %}',
        matrixId: "{% $exists($states.input.matrixId) ? $states.input.matrixId : '' %}",
      }),
      Assign: {
        hasOwnVectors: '{% $exists($states.input.matrixId) %}',
        runId: '{% $states.result.Payload.runId %}',
        missedFiles: '{% $states.result.Payload.missedFiles %}',
        profileId: '',
      },
      Catch: [{ ErrorEquals: ['States.ALL'], Assign: { failure: '{% $states.errorOutput %}' }, Next: 'RunFailed' }],
      Next: 'AnyFilesMissed',
    },
    AnyFilesMissed: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $missedFiles > 0 %}', Next: 'IngestMissed' }],
      Default: 'Plan',
    },
    IngestMissed: {
      Type: 'Map',
      Label: 'IngestMissedFile',
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSON' },
        Arguments: { Bucket: '${BucketName}', Key: "{% 'runs/' & $runId & '/missed-files.json' %}" },
      },
      MaxConcurrency: 100,
      // A file that cannot be taken in now must not hold up the others: it stays in the inbox and is listed again by the next run.
      ToleratedFailurePercentage: 100,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'IngestMissedFile',
        States: {
          IngestMissedFile: { ...invoke('ingest-file', '{% $states.input %}' as never), End: true },
        },
      },
      ResultWriter: {
        Resource: 'arn:aws:states:::s3:putObject',
        Arguments: { Bucket: '${BucketName}', Prefix: "{% 'runs/' & $runId & '/map-results/IngestMissedFile' %}" },
      },
      Catch: failRun,
      Next: 'Plan',
    },
    Plan: { ...invoke('plan-run', { runId }), Catch: failRun, Next: 'OwnVectors' },
    OwnVectors: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $hasOwnVectors %}', Next: 'BuildKnownFeatures' }],
      Default: 'FeaturesAndTexts',
    },
    // What the lake knows of the customers of a matrix goes into cards and rows; the vectors are the matrix's own.
    BuildKnownFeatures: {
      ...overPartitions('build-features', 'BuildKnownPartitionFeatures'),
      Output: {},
      Catch: failRun,
      Next: 'PlaceVectors',
    },
    PlaceVectors: {
      ...overPartitions('place-vectors', 'PlacePartitionVectors'),
      Output: {},
      Catch: failRun,
      Next: 'Cluster',
    },
    FeaturesAndTexts: {
      Type: 'Parallel',
      Branches: [branchOfFeatures, branchOfTexts(hosts)],
      Assign: { profileId: '{% $states.result[1].profileId %}' },
      Output: {},
      Catch: failRun,
      Next: 'BuildVectors',
    },
    BuildVectors: {
      ...overPartitions('build-vectors', 'BuildPartitionVectors'),
      Output: {},
      Catch: failRun,
      Next: 'FitOutputLayer',
    },
    FitOutputLayer: {
      ...invoke('fit-output-layer', { runId, profileId: '{% $profileId %}' }),
      Catch: failRun,
      Next: 'ProjectVectors',
    },
    ProjectVectors: {
      ...overPartitions('project-vectors', 'ProjectPartitionVectors'),
      Output: {},
      Catch: failRun,
      Next: 'Cluster',
    },
    Cluster: { ...invoke('cluster-vectors', { runId }), Catch: failRun, Next: 'DescribeAndTrain' },
    DescribeAndTrain: {
      Type: 'Parallel',
      Branches: [
        {
          StartAt: 'Describe',
          States: { Describe: { ...invoke('describe-segments', { runId }), End: true } },
        },
        branchOfTraining(hosts),
      ],
      Output: { outputKey: '{% $states.result[1].outputKey %}' },
      Catch: failRun,
      Next: 'Evaluate',
    },
    Evaluate: {
      ...invoke('evaluate-run', { runId, trainingOutputKey: '{% $states.input.outputKey %}' }),
      Catch: failRun,
      Next: 'GoodEnough',
    },
    GoodEnough: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.promote = true %}', Next: 'DiscardStaleRows' }],
      Default: 'HoldBack',
    },
    DiscardStaleRows: { ...invoke('discard-rows', { runId }), Catch: failRun, Next: 'Publish' },
    Publish: {
      ...overPartitions('publish-rows', 'PublishPartition'),
      Output: {},
      Catch: failRun,
      Next: 'Promote',
    },
    Promote: { ...invoke('promote-run', { runId }), Catch: failRun, Next: 'Announce' },
    Announce: { ...invoke('announce-run', { runId }), Catch: failRun, Next: 'Live' },
    Live: { Type: 'Succeed', Output: { runId, status: 'LIVE' } },
    HoldBack: {
      ...invoke('close-run', { runId, status: 'HELD', reason: '{% $states.input.reason %}' }),
      Catch: failRun,
      Next: 'Held',
    },
    Held: { Type: 'Succeed', Output: { runId, status: 'HELD' } },
    RecordFailure: {
      ...invoke('close-run', {
        runId,
        status: 'FAILED',
        error: '{% $failure.Error %}',
        reason: "{% $exists($failure.Cause) ? $failure.Cause : '' %}",
      }),
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'RunFailed' }],
      Next: 'RunFailed',
    },
    RunFailed: {
      Type: 'Fail',
      Error: '{% $failure.Error %}',
      Cause: "{% $exists($failure.Cause) ? $failure.Cause : 'no cause given' %}",
    },
  },
});
