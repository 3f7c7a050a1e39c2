import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import { LambdaSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { FunctionName } from '../../contracts/environments.ts';
import { modelHostsOf, type Settings } from '../../contracts/settings.ts';
import type { FunctionBundles } from '../bundles.ts';
import { allow, allowObjects, allowSecret, allowTable, type Prefix } from '../constructs/access.ts';
import { acknowledgePattern, attributeInFindings } from '../constructs/acknowledgements.ts';
import { DeadLetterQueue } from '../constructs/dead-letter-queue.ts';
import { KindredFunction } from '../constructs/kindred-function.ts';
import { watchFunctions, watchMachine } from '../constructs/pipeline-alarms.ts';
import { StandardStateMachine } from '../constructs/standard-state-machine.ts';
import { createStateFunctions } from '../constructs/state-functions.ts';
import { quietDefinition } from '../quiet.asl.ts';
import { segmentRunDefinition, textBatchLabel } from '../segment-run.asl.ts';
import type { DataStack } from './data-stack.ts';
import type { ModelStack } from './model-stack.ts';

export interface PipelineStackProps extends StackProps {
  readonly settings: Settings;
  readonly bundles: FunctionBundles;
  readonly data: DataStack;
  /** The endpoint, where there is one. */
  readonly model: ModelStack | undefined;
}

/** From a file in the inbox to live segments: what takes files in, what starts runs, and the run itself. */
export class PipelineStack extends Stack {
  readonly segmentRun: StandardStateMachine;
  readonly #props: PipelineStackProps;

  constructor(scope: Construct, id: string, props: PipelineStackProps) {
    super(scope, id, props);
    this.#props = props;

    const ingestFile = this.#ingestFile();
    const ingestMatrix = this.#ingestMatrix();
    this.segmentRun = this.#segmentRun(ingestFile);
    const resuming = props.model ? [this.#resumeModelJob(this.segmentRun, props.model)] : [];
    const startDeadLetters = this.#startDeadLetters();
    const startRun = this.#startRunWhenQuiet(this.segmentRun, startDeadLetters);
    const quiet = this.#quiet(startRun);
    this.#startDaily([startRun, ingestMatrix], startDeadLetters);
    this.#watch(quiet, [ingestFile, ingestMatrix, ...resuming, startRun]);

    new CfnOutput(this, 'StateMachineArn', { value: this.segmentRun.resource.stateMachineArn });
  }

  /** Takes a file in as soon as it is dropped. An event that is lost all the same is made good by the next run, which lists the inbox. */
  #ingestFile(): KindredFunction<'ingest-file'> {
    const { data, settings } = this.#props;
    const deadLetters = new DeadLetterQueue(this, 'IngestDeadLetters', {
      alarmTopic: data.alarmTopic,
      what: 'A file was dropped and could not be taken in at any attempt.',
      step: 'Find the error in the logs of ingest-file and put it right; the next run takes the file in. Then purge the queue.',
    });
    const ingestFile = new KindredFunction(this, 'ingest-file', {
      ...this.#props,
      functionName: 'ingest-file',
      environment: {
        BUCKET_NAME: data.bucket.bucketName,
        IDENTITIES_TABLE: data.identities.tableName,
        PSEUDONYM_SECRET_ARN: data.pseudonymSecret.secretArn,
        LAKE_PARTITIONS: String(settings.lakePartitions),
      },
      deadLetters,
    });
    allowObjects(ingestFile.role, data.bucket, data.key, {
      readVersions: ['inbox/'],
      read: ['imports/'],
      write: ['lake/', 'imports/', 'reports/', 'rejects/'],
      tellAbsence: true,
    });
    allowTable(ingestFile.role, data.identities, data.key, ['BatchWriteItem']);
    allowSecret(ingestFile.role, data.pseudonymSecret, data.key);

    this.#onObjectCreated('FileDropped', ['inbox/']).addTarget(
      new LambdaFunction(ingestFile.resource, {
        deadLetterQueue: deadLetters,
        retryAttempts: 20,
        maxEventAge: Duration.hours(24),
      }),
    );
    return ingestFile;
  }

  /** Takes a matrix of a team's own vectors in as soon as it and its ids are both there. */
  #ingestMatrix(): KindredFunction<'ingest-matrix'> {
    const { data, settings } = this.#props;
    const deadLetters = new DeadLetterQueue(this, 'MatrixDeadLetters', {
      alarmTopic: data.alarmTopic,
      what: 'A matrix was dropped and could not be taken in at any attempt.',
      step: 'Find the error in the logs of ingest-matrix and put it right; the daily rule takes the matrix in. Then purge the queue.',
    });
    const ingestMatrix = new KindredFunction(this, 'ingest-matrix', {
      ...this.#props,
      functionName: 'ingest-matrix',
      environment: {
        BUCKET_NAME: data.bucket.bucketName,
        IDENTITIES_TABLE: data.identities.tableName,
        PSEUDONYM_SECRET_ARN: data.pseudonymSecret.secretArn,
        LAKE_PARTITIONS: String(settings.lakePartitions),
      },
      deadLetters,
    });
    allowObjects(ingestMatrix.role, data.bucket, data.key, {
      readVersions: ['vectors-inbox/'],
      read: ['matrices/'],
      write: ['lake/', 'matrices/', 'reports/', 'rejects/'],
      list: ['vectors-inbox/'],
      tellAbsence: true,
    });
    allowTable(ingestMatrix.role, data.identities, data.key, ['BatchWriteItem']);
    allowSecret(ingestMatrix.role, data.pseudonymSecret, data.key);

    this.#onObjectCreated('MatrixDropped', ['vectors-inbox/']).addTarget(
      new LambdaFunction(ingestMatrix.resource, {
        deadLetterQueue: deadLetters,
        retryAttempts: 20,
        maxEventAge: Duration.hours(24),
      }),
    );
    return ingestMatrix;
  }

  #segmentRun(ingestFile: KindredFunction<'ingest-file'>): StandardStateMachine {
    const { data } = this.#props;
    const eventBusArn = this.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' });
    const functions = [ingestFile, ...createStateFunctions(this, { ...this.#props, eventBusArn })];
    const openRun = functions.find(({ functionName }) => functionName === 'open-run') as KindredFunction<FunctionName>;
    const segmentRun = new StandardStateMachine(this, 'SegmentRun', {
      definition: segmentRunDefinition(modelHostsOf(this.#props.settings)),
      functions,
      substitutions: { BucketName: data.bucket.bucketName },
      settings: this.#props.settings,
    });
    // Maps read their items from the run's folder and write their results there.
    allowObjects(segmentRun.role, data.bucket, data.key, { read: ['runs/'], writeInParts: ['runs/'] });
    this.#allowMapRuns(segmentRun);
    // Whoever takes the run's lease asks whether its holder goes on.
    segmentRun.allowDescribingExecutions(openRun);
    return segmentRun;
  }

  /** A Distributed Map runs its items as executions of the same machine (Step Functions guide, "IAM policies for Distributed Map"). */
  #allowMapRuns({ role, resource }: StandardStateMachine): void {
    const executions = (name: string) => [`execution:${name}:*`, `execution:${name}/*`];
    // A policy apart from the role's own: the machine waits for the latter, and this one names the machine.
    const policy = new iam.Policy(this, 'SegmentRunMapRuns', { roles: [role] });
    policy.addStatements(
      new iam.PolicyStatement({ actions: ['states:StartExecution'], resources: [resource.stateMachineArn] }),
      new iam.PolicyStatement({
        actions: ['states:DescribeExecution', 'states:StopExecution', 'states:RedriveExecution'],
        resources: executions(resource.stateMachineName).map(
          (path) => `arn:${this.partition}:states:${this.region}:${this.account}:${path}`,
        ),
      }),
    );
    const name = attributeInFindings(this, resource.node.defaultChild as CfnStateMachine, 'Name');
    for (const path of executions(name)) {
      acknowledgePattern(
        policy,
        `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:${path}`,
        'The executions of this machine only; Step Functions makes their names.',
      );
    }
  }

  /** The model endpoint's notices resume the tasks that wait for them; where a notice is lost, the answer's object does. */
  #resumeModelJob(segmentRun: StandardStateMachine, model: ModelStack): KindredFunction<'resume-model-job'> {
    const { data } = this.#props;
    const deadLetters = new DeadLetterQueue(this, 'ModelNoticeDeadLetters', {
      alarmTopic: data.alarmTopic,
      what: 'The model endpoint gave notice of an answer and no run could be resumed with it.',
      step: 'Find the error in the logs of resume-model-job and put it right, let the run fail by its timeout, and redrive it.',
    });
    const resume = new KindredFunction(this, 'resume-model-job', {
      ...this.#props,
      functionName: 'resume-model-job',
      environment: { BUCKET_NAME: data.bucket.bucketName, MODEL_JOBS_TABLE: data.modelJobs.tableName },
      deadLetters,
    });
    allowObjects(resume.role, data.bucket, data.key, { read: ['model-output/endpoint/'] });
    allowTable(resume.role, data.modelJobs, data.key, ['GetItem', 'UpdateItem']);
    // A task inside a Distributed Map waits in an execution of `machine/label`.
    const { stateMachineArn } = segmentRun.resource;
    const waiting = [stateMachineArn, `${stateMachineArn}/${textBatchLabel}`];
    allow(resume.role, ['states:SendTaskSuccess', 'states:SendTaskFailure'], waiting);
    for (const topic of [model.successTopic, model.errorTopic]) {
      topic.addSubscription(new LambdaSubscription(resume.resource, { deadLetterQueue: deadLetters }));
    }
    this.#onObjectCreated('ModelAnswered', ['model-output/endpoint/']).addTarget(
      new LambdaFunction(resume.resource, {
        deadLetterQueue: deadLetters,
        retryAttempts: 20,
        maxEventAge: Duration.hours(2),
      }),
    );
    return resume;
  }

  #startDeadLetters(): DeadLetterQueue {
    return new DeadLetterQueue(this, 'StartDeadLetters', {
      alarmTopic: this.#props.data.alarmTopic,
      what: 'The daily run could not be started.',
      step: 'Find the error in the logs of start-run-when-quiet and put it right; the next day or the next file starts a run. Then purge the queue.',
    });
  }

  #startRunWhenQuiet(
    segmentRun: StandardStateMachine,
    deadLetters: DeadLetterQueue,
  ): KindredFunction<'start-run-when-quiet'> {
    const { data, settings } = this.#props;
    const startRun = new KindredFunction(this, 'start-run-when-quiet', {
      ...this.#props,
      functionName: 'start-run-when-quiet',
      environment: {
        BUCKET_NAME: data.bucket.bucketName,
        REGISTRY_TABLE: data.registry.tableName,
        RUN_STATE_MACHINE_ARN: segmentRun.resource.stateMachineArn,
        QUIET_SECONDS: String(settings.quietSeconds),
      },
      deadLetters,
    });
    allowObjects(startRun.role, data.bucket, data.key, {
      read: ['imports/', 'matrices/'],
      list: ['inbox/', 'imports/', 'matrices/'],
    });
    allowTable(startRun.role, data.registry, data.key, ['GetItem', 'PutItem', 'Query']);
    allow(startRun.role, ['states:StartExecution'], [segmentRun.resource.stateMachineArn]);
    segmentRun.allowDescribingExecutions(startRun);
    return startRun;
  }

  #quiet(startRun: KindredFunction<'start-run-when-quiet'>): StandardStateMachine {
    const quiet = new StandardStateMachine(this, 'Quiet', {
      definition: quietDefinition,
      functions: [startRun],
      substitutions: { QuietSeconds: String(this.#props.settings.quietSeconds) },
      settings: this.#props.settings,
    });
    this.#onObjectCreated('FileCommitted', ['imports/', 'matrices/']).addTarget(
      new SfnStateMachine(quiet.resource, {
        deadLetterQueue: new DeadLetterQueue(this, 'CommitDeadLetters', {
          alarmTopic: this.#props.data.alarmTopic,
          what: 'A file was taken in and the wait for a run could not be started.',
          step: 'Look why the Quiet machine refused the start, and start a run by hand unless one has started since. Then purge the queue.',
        }),
        retryAttempts: 20,
        maxEventAge: Duration.hours(24),
      }),
    );
    return quiet;
  }

  /** Once a day whatever happened: for drops whose events were lost, and for facts that change with time alone. */
  #startDaily(functions: readonly KindredFunction<FunctionName>[], deadLetterQueue: DeadLetterQueue): void {
    const daily = new Rule(this, 'Daily', {
      description: 'Starts a segment run once a day, and takes in matrices that no event told of',
      schedule: Schedule.cron({ minute: '0', hour: '3' }),
    });
    for (const { resource } of functions) {
      daily.addTarget(
        new LambdaFunction(resource, { deadLetterQueue, retryAttempts: 20, maxEventAge: Duration.hours(12) }),
      );
    }
  }

  #watch(quiet: StandardStateMachine, triggers: readonly KindredFunction<FunctionName>[]): void {
    const topic = this.#props.data.alarmTopic;
    watchMachine(this, 'Run', this.segmentRun, {
      topic,
      what: 'A segment run',
      step: 'Open the execution in Step Functions, put right what its failed state names, and redrive it. What was live stays live.',
    });
    watchMachine(this, 'Quiet', quiet, {
      topic,
      what: 'The wait for a quiet inbox',
      step: 'Open the execution in Step Functions, put right what it names, and redrive it; no run starts for its files before that or the daily run.',
    });
    watchFunctions(this, topic, triggers);
  }

  #onObjectCreated(id: string, prefixes: readonly Prefix[]): Rule {
    return new Rule(this, id, {
      description: `An object was created under ${prefixes.join(' or ')}`,
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [this.#props.data.bucket.bucketName] },
          object: { key: prefixes.map((prefix) => ({ prefix })) },
        },
      },
    });
  }
}
