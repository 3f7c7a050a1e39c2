import type { Construct } from 'constructs';
import type { FunctionName } from '../../contracts/environments.ts';
import { modelHostsOf, type Settings } from '../../contracts/settings.ts';
import type { FunctionBundles } from '../bundles.ts';
import type { DataStack } from '../stacks/data-stack.ts';
import type { ModelStack } from '../stacks/model-stack.ts';
import { allow, allowObjects, allowTable, type ObjectAccess, type TableAction } from './access.ts';
import { KindredFunction, type Variables } from './kindred-function.ts';

export interface StateFunctionsProps {
  readonly settings: Settings;
  readonly bundles: FunctionBundles;
  readonly data: DataStack;
  /** The endpoint, where there is one. */
  readonly model: ModelStack | undefined;
  /** The bus that takes the segments' events. */
  readonly eventBusArn: string;
}

/**
 * The functions of the segment run's states. Each may do what its step does and no more: a grant that no run needs fails
 * `test/integration/end-to-end.test.ts`.
 */
export function createStateFunctions(scope: Construct, props: StateFunctionsProps): KindredFunction<FunctionName>[] {
  const { settings, data, model } = props;
  const stage = { BUCKET_NAME: data.bucket.bucketName, REGISTRY_TABLE: data.registry.tableName };
  const publishing = { ...stage, CUSTOMERS_TABLE: data.customers.tableName };

  function bare<F extends FunctionName>(functionName: F, environment: Variables<F>): KindredFunction<F> {
    return new KindredFunction(scope, functionName, { ...props, functionName, environment });
  }
  /** @param registry what it does with the registry besides noting its rows there */
  function state<F extends FunctionName>(
    functionName: F,
    environment: Variables<F>,
    objects: ObjectAccess,
    registry: readonly TableAction[] = [],
  ) {
    const created = bare(functionName, environment);
    allowObjects(created.role, data.bucket, data.key, objects);
    allowTable(created.role, data.registry, data.key, ['PutItem', ...registry]);
    return created;
  }
  /** Reads what the run's states before it wrote, and writes for those after it. */
  const ofRun = { read: ['runs/'], write: ['runs/'] } as const;

  const openRun = state('open-run', stage, { list: ['inbox/', 'imports/'], write: ['runs/'] }, [
    'GetItem',
    'UpdateItem',
  ]);
  const planRun = state(
    'plan-run',
    {
      ...stage,
      LAKE_PARTITIONS: String(settings.lakePartitions),
      SEGMENTS: String(settings.segments),
      VECTOR_DIMS: String(settings.vectorDims),
      MODEL: settings.model,
      MINIMUM_ACCURACY: String(settings.minimumAccuracy),
    },
    { list: ['imports/'], read: ['imports/', 'matrices/'], write: ['runs/'] },
    ['GetItem', 'UpdateItem'],
  );
  const hosts = modelHostsOf(settings);
  const bucket = { BUCKET_NAME: data.bucket.bucketName };

  function runsModelJobs(): KindredFunction<FunctionName> {
    const runModelJob = bare('run-model-job', bucket);
    allowObjects(runModelJob.role, data.bucket, data.key, { read: ['model-input/'], write: ['model-output/lambda/'] });
    return runModelJob;
  }
  function submitsModelJobs(endpoint: ModelStack): KindredFunction<FunctionName> {
    const submitModelJob = bare('submit-model-job', {
      ...bucket,
      MODEL_JOBS_TABLE: data.modelJobs.tableName,
      MODEL_ENDPOINT_NAME: endpoint.endpointName,
    });
    allowTable(submitModelJob.role, data.modelJobs, data.key, ['PutItem']);
    allow(submitModelJob.role, ['sagemaker:InvokeEndpointAsync'], [endpoint.endpointArn]);
    return submitModelJob;
  }
  const continueTraining = bare('continue-training', bucket);
  allowObjects(continueTraining.role, data.bucket, data.key, {
    read: ['model-input/', 'model-output/'],
    write: ['model-input/'],
  });

  const discardRows = state('discard-rows', publishing, { read: ['runs/'], tellAbsence: true }, ['GetItem']);
  const publishRows = state('publish-rows', publishing, ofRun);
  for (const { role } of [discardRows, publishRows]) allowTable(role, data.customers, data.key, ['BatchWriteItem']);

  const announceRun = state('announce-run', stage, { read: ['runs/'], write: ['exports/'] });
  allow(announceRun.role, ['events:PutEvents'], [props.eventBusArn]);

  return [
    openRun,
    planRun,
    state('build-features', stage, { read: ['runs/', 'lake/'], write: ['runs/'] }),
    state(
      'collect-texts',
      { ...stage, MODEL_HOSTS: hosts.join() },
      {
        read: ['runs/', 'lake/', 'embeddings/'],
        list: ['embeddings/'],
        tellAbsence: true,
        write: ['runs/', 'model-input/'],
      },
      ['UpdateItem'],
    ),
    ...(hosts.includes('lambda') ? [runsModelJobs()] : []),
    ...(model ? [submitsModelJobs(model)] : []),
    continueTraining,
    state('cache-embeddings', stage, { read: ['model-input/', 'model-output/'], write: ['embeddings/'] }),
    state('build-vectors', stage, { read: ['runs/', 'embeddings/'], list: ['embeddings/'], write: ['runs/'] }),
    state('fit-output-layer', stage, { ...ofRun, list: ['runs/'] }),
    state('project-vectors', stage, ofRun),
    state('place-vectors', stage, { read: ['runs/', 'lake/'], write: ['runs/'] }),
    state('cluster-vectors', stage, ofRun, ['UpdateItem']),
    state('describe-segments', stage, { read: ['runs/', 'lake/'], write: ['runs/'] }),
    state('prepare-training', stage, { read: ['runs/'], write: ['runs/', 'model-input/'] }),
    state('evaluate-run', stage, { read: ['runs/', 'model-output/'], write: ['runs/'] }, ['UpdateItem']),
    discardRows,
    publishRows,
    state('promote-run', stage, ofRun, ['GetItem', 'UpdateItem']),
    announceRun,
    state('close-run', stage, {}, ['GetItem', 'UpdateItem']),
  ];
}
