import type { Construct } from 'constructs';
import type { FunctionName } from '../../contracts/environments.ts';
import { modelHostsOf, type Settings } from '../../contracts/settings.ts';
import type { FunctionBundles } from '../bundles.ts';
import type { DataStack } from '../stacks/data-stack.ts';
import type { ModelStack } from '../stacks/model-stack.ts';
import { allow, allowObjects, allowTable, type ObjectAccess } from './access.ts';
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
 * The functions of the segment run's states. Each may read, write and list the runs' folder and use the registry, and besides that what
 * its step needs and no more.
 */
export function createStateFunctions(scope: Construct, props: StateFunctionsProps): KindredFunction<FunctionName>[] {
  const { settings, data, model } = props;
  const stage = { BUCKET_NAME: data.bucket.bucketName, REGISTRY_TABLE: data.registry.tableName };
  const publishing = { ...stage, CUSTOMERS_TABLE: data.customers.tableName };

  function bare<F extends FunctionName>(functionName: F, environment: Variables<F>): KindredFunction<F> {
    return new KindredFunction(scope, functionName, { ...props, functionName, environment });
  }
  function state<F extends FunctionName>(functionName: F, environment: Variables<F>, further: ObjectAccess = {}) {
    const created = bare(functionName, environment);
    allowObjects(created.role, data.bucket, data.key, {
      ...further,
      read: ['runs/', ...(further.read ?? [])],
      write: ['runs/', ...(further.write ?? [])],
      list: ['runs/', ...(further.list ?? [])],
    });
    allowTable(created.role, data.registry, data.key, ['GetItem', 'PutItem', 'UpdateItem', 'Query']);
    return created;
  }

  const openRun = state('open-run', stage, { list: ['inbox/', 'imports/'], read: ['imports/'] });
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
    { list: ['imports/'], read: ['imports/', 'matrices/'] },
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
    allowObjects(submitModelJob.role, data.bucket, data.key, { read: ['model-input/'] });
    allowTable(submitModelJob.role, data.modelJobs, data.key, ['PutItem', 'UpdateItem']);
    allow(submitModelJob.role, ['sagemaker:InvokeEndpointAsync'], [endpoint.endpointArn]);
    return submitModelJob;
  }
  const continueTraining = bare('continue-training', bucket);
  allowObjects(continueTraining.role, data.bucket, data.key, {
    read: ['model-input/', 'model-output/'],
    write: ['model-input/'],
  });

  const discardRows = state('discard-rows', publishing);
  const publishRows = state('publish-rows', publishing);
  for (const { role } of [discardRows, publishRows]) allowTable(role, data.customers, data.key, ['BatchWriteItem']);

  const announceRun = state('announce-run', stage, { write: ['exports/'] });
  allow(announceRun.role, ['events:PutEvents'], [props.eventBusArn]);

  return [
    openRun,
    planRun,
    state('build-features', stage, { read: ['lake/'] }),
    state(
      'collect-texts',
      { ...stage, MODEL_HOSTS: hosts.join() },
      { read: ['lake/', 'embeddings/'], list: ['embeddings/'], write: ['model-input/'] },
    ),
    ...(hosts.includes('lambda') ? [runsModelJobs()] : []),
    ...(model ? [submitsModelJobs(model)] : []),
    continueTraining,
    state('cache-embeddings', stage, { read: ['model-input/', 'model-output/'], write: ['embeddings/'] }),
    state('build-vectors', stage, { read: ['lake/', 'embeddings/'], list: ['embeddings/'] }),
    state('fit-output-layer', stage),
    state('project-vectors', stage),
    state('place-vectors', stage, { read: ['lake/'] }),
    state('cluster-vectors', stage),
    state('describe-segments', stage, { read: ['lake/'] }),
    state('prepare-training', stage, { write: ['model-input/'] }),
    state('evaluate-run', stage, { read: ['model-output/'] }),
    discardRows,
    publishRows,
    state('promote-run', stage),
    announceRun,
    state('close-run', stage),
  ];
}
