import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { startJsonService } from './aws-json-server.ts';
import type { Closers } from './closers.ts';
import type { Credentials } from './credentials.ts';
import type { EventBus } from './events/bus.ts';
import { putEvents } from './events/put-events.ts';
import { functionDefinitions } from './lambda/function-definitions.ts';
import { FunctionLogs } from './lambda/function-logs.ts';
import { FunctionService, type Invocation } from './lambda/function-service.ts';
import { ProcessPool } from './lambda/process-pool.ts';
import { LOOPBACK, onPort } from './listening.ts';
import type { ObjectAccess } from './object-access.ts';
import { PendingWork } from './pending-work.ts';
import { startSageMaker } from './sagemaker/service.ts';
import type { Secrets } from './secrets-manager/secrets.ts';
import { verifySignature } from './signature-v4.ts';
import { Topics } from './sns/topics.ts';
import type { DeadLetterQueues } from './sqs/dead-letter-queues.ts';
import { createStatesEngine, type StatesEngine } from './states/engine.ts';
import { StatesApiError } from './states/errors.ts';
import { openFileJournal } from './states/journal.ts';
import type { ProgressEvent } from './states/ports.ts';
import { startStatesServer } from './states/server.ts';
import { taskIntegrations } from './task-integrations.ts';
import type { CloudResource, ResolvedTemplate } from './template/resolved-template.ts';

export interface ServicesOptions {
  readonly template: ResolvedTemplate;
  readonly dataFolder: string;
  readonly compileCacheFolder: string;
  readonly region: string;
  readonly accountId: string;
  readonly credentials: Credentials;
  readonly objects: ObjectAccess;
  readonly secrets: Secrets;
  readonly bus: EventBus;
  readonly queues: DeadLetterQueues;
  readonly s3Url: string;
  readonly dynamodbUrl: string;
  readonly modelUrl: string | undefined;
  readonly portOf: (name: 'stepFunctions' | 'sagemakerRuntime' | 'eventBridge' | 'secretsManager') => number;
  /** Processes per function at a time. */
  readonly functionConcurrency: number;
  /** Processes kept warm beside one for each function. */
  readonly spareIdleProcesses: number;
  readonly clock: () => number;
  readonly after: (delayMs: number, action: () => void) => () => void;
  readonly onInvocation?: (invocation: Invocation) => void;
  readonly onProgress?: (event: ProgressEvent) => void;
  readonly log: (line: string) => void;
}

export interface Services {
  readonly functions: FunctionService;
  readonly urls: {
    readonly stepFunctions: string;
    readonly sagemakerRuntime: string;
    readonly eventBridge: string;
    readonly secretsManager: string;
  };
}

const MAX_JSON_BODY_BYTES = 2 * 1024 * 1024;

/**
 * The services that run in this process, as the template sets them up, each connected to those it calls. Functions come last, since their
 * environment holds where all the others listen; what calls a function before waits for that.
 */
export async function startServices(options: ServicesOptions, closers: Closers): Promise<Services> {
  const { template, dataFolder, bus, queues, clock, credentials, portOf, log } = options;
  const { resources } = template;
  const functions = Promise.withResolvers<FunctionService>();
  const logs = new FunctionLogs(join(dataFolder, 'logs'));
  closers.add(() => logs.close());
  const sendToQueue = queues.send.bind(queues);
  const invokeAsync = async (functionArn: string, payload: string) =>
    (await functions.promise).invokeAsync(functionArn, payload);

  const engine = statesEngine(options, bus, functions.promise);
  const topics = new Topics({ resources, invokeAsync, sendToQueue, clock, uuid: randomUUID, log });

  const { lookupSecret } = credentials;
  const shared = { lookupSecret, clock, maxBodyBytes: MAX_JSON_BODY_BYTES };
  const states = await closers.keep(
    onPort(portOf('stepFunctions'), 'Step Functions', (port) =>
      startStatesServer({
        engine,
        port,
        host: LOOPBACK,
        verify: ({ body, ...request }) => {
          const bodySha256 = createHash('sha256').update(body).digest('hex');
          return verifySignature(request, { lookupSecret, service: 'states', clock, bodySha256 }).accessKeyId;
        },
      }),
    ),
  );
  const events = await closers.keep(
    startJsonService(
      {
        ...shared,
        target: 'AWSEvents',
        signingName: 'events',
        operations: { PutEvents: (input) => putEvents(bus, clock, input) },
      },
      portOf('eventBridge'),
    ),
  );
  const secretsManager = await closers.keep(
    startJsonService(
      {
        ...shared,
        target: 'secretsmanager',
        signingName: 'secretsmanager',
        operations: { GetSecretValue: (input) => options.secrets.getSecretValue(input) },
      },
      portOf('secretsManager'),
    ),
  );
  const sagemaker = await closers.keep(
    startSageMaker(
      {
        ...options,
        resources,
        lookupSecret,
        publish: (topicArn, message) => topics.publish(topicArn, message),
        folder: join(dataFolder, 'model-jobs'),
      },
      portOf('sagemakerRuntime'),
    ),
  );
  const urls = {
    stepFunctions: states.url,
    eventBridge: events.url,
    secretsManager: secretsManager.url,
    sagemakerRuntime: sagemaker.url,
  };

  const service = functionService(options, urls, sendToQueue, logs);
  functions.resolve(service);
  // Stopped before all that they call, and callers before the called: nothing must be seen to fail because the cloud is being stopped.
  closers.add(() => service.close());
  closers.add(async () => engine.close());
  closers.add(async () => bus.stop());
  for (const resource of resources) {
    if (resource.type === 'AWS::StepFunctions::StateMachine') addStateMachine(engine, resource);
  }
  // What the last process left undone. The executions come first, since what the others bring may be what they wait for.
  engine.resume();
  service.resume();
  sagemaker.resume();
  bus.start((targetArn, payload, deliveryId) => deliverTo(engine, invokeAsync, targetArn, payload, deliveryId));
  return { functions: service, urls };
}

type SendToQueue = DeadLetterQueues['send'];

/** An event's way to a target: a state machine's execution is named after the delivery, so that one made again starts nothing twice. */
async function deliverTo(
  engine: StatesEngine,
  invokeAsync: (functionArn: string, payload: string) => Promise<void>,
  targetArn: string,
  payload: string,
  deliveryId: string,
): Promise<void> {
  if (!targetArn.includes(':stateMachine:')) return invokeAsync(targetArn, payload);
  try {
    engine.startExecution({ stateMachineArn: targetArn, name: deliveryId, input: payload });
  } catch (error) {
    if (!(error instanceof StatesApiError && error.code === 'ExecutionAlreadyExists')) throw error;
  }
}

function functionService(
  options: ServicesOptions,
  urls: Services['urls'],
  sendToQueue: SendToQueue,
  logs: FunctionLogs,
): FunctionService {
  const { log } = options;
  const definitions = functionDefinitions(options.template, {
    region: options.region,
    credentialsOf: options.credentials.of,
    endpoints: {
      AWS_ENDPOINT_URL_DYNAMODB: options.dynamodbUrl,
      AWS_ENDPOINT_URL_EVENTBRIDGE: urls.eventBridge,
      AWS_ENDPOINT_URL_S3: options.s3Url,
      AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: urls.sagemakerRuntime,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: urls.secretsManager,
      AWS_ENDPOINT_URL_SFN: urls.stepFunctions,
    },
    concurrency: options.functionConcurrency,
  });
  const pool = new ProcessPool({
    ...options,
    maxIdleProcesses: definitions.length + options.spareIdleProcesses,
    logOf: (functionName) => logs.of(functionName),
  });
  for (const memoryMb of new Set(definitions.map((definition) => definition.memoryMb))) pool.prepare(memoryMb);
  return new FunctionService({
    ...options,
    functions: definitions,
    pool,
    pending: new PendingWork(join(options.dataFolder, 'events', 'functions.jsonl')),
    uuid: randomUUID,
    sendToQueue,
    onLostEvent: (name, { errorType, errorMessage }) =>
      log(`An event of ${name} is lost: ${errorType}: ${errorMessage}`),
  });
}

function statesEngine(options: ServicesOptions, bus: EventBus, functions: Promise<FunctionService>): StatesEngine {
  const { clock } = options;
  return createStatesEngine({
    clock: { nowMs: clock },
    scheduler: { after: options.after },
    ids: { uuid: randomUUID },
    random: { next: Math.random },
    integrations: taskIntegrations(functions, bus, clock),
    objects: options.objects.forStateMachines(),
    journal: openFileJournal(join(options.dataFolder, 'executions')),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    onStatusChange: (change) => {
      bus.put({
        source: 'aws.states',
        detailType: 'Step Functions Execution Status Change',
        detail: JSON.parse(JSON.stringify(change)),
        resources: [change.executionArn],
        atMs: clock(),
      });
    },
  });
}

function addStateMachine(engine: StatesEngine, { ref, attributes, properties }: CloudResource): void {
  const { DefinitionString, DefinitionSubstitutions = {}, RoleArn, StateMachineType = 'STANDARD' } = properties;
  const substitutions = DefinitionSubstitutions as Readonly<Record<string, unknown>>;
  // As CloudFormation does: text for text; a placeholder without a value stays.
  const definition = String(DefinitionString).replace(/\$\{([^}]+)\}/g, (placeholder, name: string) =>
    Object.hasOwn(substitutions, name) ? String(substitutions[name]) : placeholder,
  );
  const type = StateMachineType === 'EXPRESS' ? 'EXPRESS' : 'STANDARD';
  engine.addStateMachine({ arn: ref, name: attributes['Name']!, type, definition, roleArn: String(RoleArn) });
}
