import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { startJsonService } from './aws-json-server.ts';
import type { Closers } from './closers.ts';
import type { Credentials } from './credentials.ts';
import type { SendDeadLetter } from './dead-letter-sender.ts';
import type { EventBus } from './events/bus.ts';
import { putEvents } from './events/put-events.ts';
import type { Access } from './iam/access.ts';
import { AccessDeniedError } from './iam/access-denied-error.ts';
import type { FunctionDefinition } from './lambda/function-definition.ts';
import { functionDefinitions } from './lambda/function-definitions.ts';
import { FunctionLogs } from './lambda/function-logs.ts';
import { FunctionService, type Invocation } from './lambda/function-service.ts';
import { ProcessPool } from './lambda/process-pool.ts';
import { LOOPBACK, onPort } from './listening.ts';
import type { ObjectAccess } from './object-access.ts';
import { PendingWork } from './pending-work.ts';
import { startSageMaker } from './sagemaker/service.ts';
import type { Secrets } from './secrets-manager/secrets.ts';
import type { ServicePermissions } from './service-permissions.ts';
import { verifySignature } from './signature-v4.ts';
import { Topics } from './sns/topics.ts';
import { createStatesEngine, type StatesEngine } from './states/engine.ts';
import { StateFailure, StatesApiError } from './states/errors.ts';
import { openFileJournal } from './states/journal.ts';
import type { AuthorizeRole, ProgressEvent } from './states/ports.ts';
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
  readonly access: Access;
  readonly objects: ObjectAccess;
  readonly secrets: Secrets;
  readonly bus: EventBus;
  readonly permissions: ServicePermissions;
  readonly sendToQueue: SendDeadLetter;
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

const EVENTS = 'events.amazonaws.com';
const SNS = 'sns.amazonaws.com';
const MAX_JSON_BODY_BYTES = 2 * 1024 * 1024;

/**
 * The services that run in this process, as the template sets them up, each connected to those it calls. Functions come last, since their
 * environment holds where all the others listen; what calls a function before waits for that.
 */
export async function startServices(options: ServicesOptions, closers: Closers): Promise<Services> {
  const { template, dataFolder, bus, sendToQueue, permissions, clock, credentials, access, portOf, log } = options;
  const { resources } = template;
  const functions = Promise.withResolvers<FunctionService>();
  const logs = new FunctionLogs(join(dataFolder, 'logs'));
  closers.add(() => logs.close());
  const invokeAsync = async (service: string, functionArn: string, payload: string, sourceArn: string) => {
    permissions.invokeFunction(service, functionArn, sourceArn);
    (await functions.promise).invokeAsync(functionArn, payload);
  };

  const engine = statesEngine(options, functions.promise);
  const topics = new Topics({
    resources,
    invokeAsync: (functionArn, payload, topicArn) => invokeAsync(SNS, functionArn, payload, topicArn),
    sendToQueue: (message, topicArn) => sendToQueue(SNS, message, topicArn),
    clock,
    uuid: randomUUID,
    log,
  });

  const { lookupSecret, principalOf } = credentials;
  const shared = { lookupSecret, principalOf, clock, maxBodyBytes: MAX_JSON_BODY_BYTES };
  const states = await closers.keep(
    onPort(portOf('stepFunctions'), 'Step Functions', (port) =>
      startStatesServer({
        engine,
        port,
        host: LOOPBACK,
        verify: ({ body, ...request }) => {
          const bodySha256 = createHash('sha256').update(body).digest('hex');
          return principalOf(
            verifySignature(request, { lookupSecret, service: 'states', clock, bodySha256 }).accessKeyId,
          );
        },
        authorize: ({ caller, action, resource }) => access.require({ principal: String(caller), action, resource }),
      }),
    ),
  );
  const events = await closers.keep(
    startJsonService(
      {
        ...shared,
        target: 'AWSEvents',
        signingName: 'events',
        operations: {
          PutEvents: (input, principal) => {
            permissions.putEvents(principal, input['Entries']);
            return putEvents(bus, clock, input);
          },
        },
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
        operations: {
          GetSecretValue: (input, principal) => {
            const { secrets } = options;
            permissions.getSecretValue(principal, secrets.arnOf(input['SecretId']) ?? String(input['SecretId']));
            return secrets.getSecretValue(input);
          },
        },
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
        authorize: (accessKeyId, action, resource) =>
          access.require({ principal: principalOf(accessKeyId), action, resource }),
        publish: async (roleArn, topicArn, message) => {
          permissions.publish(roleArn, topicArn);
          await topics.publish(topicArn, message);
        },
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

  const writeLogs = (definition: FunctionDefinition): Writable => {
    try {
      permissions.writeLogs(definition);
      return logs.of(definition.title);
    } catch (error) {
      if (!(error instanceof AccessDeniedError)) throw error;
      log(`What ${definition.title} prints is lost`);
      return new Writable({ write: (_chunk, _encoding, done) => done() });
    }
  };
  const service = functionService(options, urls, writeLogs);
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
  bus.start(async (delivery, id) => {
    const { ruleArn, targetArn, roleArn = EVENTS, payload } = delivery;
    if (!targetArn.includes(':stateMachine:')) return invokeAsync(EVENTS, targetArn, payload, ruleArn);
    permissions.startExecution(roleArn, targetArn);
    startOnce(engine, targetArn, id, payload);
  });
  return { functions: service, urls };
}

/** A state machine's execution is named after the event's delivery, so that one made again starts nothing twice. */
function startOnce(engine: StatesEngine, stateMachineArn: string, deliveryId: string, payload: string): void {
  try {
    engine.startExecution({ stateMachineArn, name: deliveryId, input: payload });
  } catch (error) {
    if (!(error instanceof StatesApiError && error.code === 'ExecutionAlreadyExists')) throw error;
  }
}

function functionService(
  options: ServicesOptions,
  urls: Services['urls'],
  logOf: (definition: FunctionDefinition) => Writable,
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
    logOf,
  });
  for (const memoryMb of new Set(definitions.map((definition) => definition.memoryMb))) pool.prepare(memoryMb);
  return new FunctionService({
    ...options,
    functions: definitions,
    pool,
    pending: new PendingWork(join(options.dataFolder, 'events', 'functions.jsonl')),
    uuid: randomUUID,
    sendToQueue: (message, roleArn) => options.sendToQueue(roleArn, message),
    onLostEvent: (name, { errorType, errorMessage }) =>
      log(`An event of ${name} is lost: ${errorType}: ${errorMessage}`),
  });
}

function statesEngine(options: ServicesOptions, functions: Promise<FunctionService>): StatesEngine {
  const { bus, clock, permissions } = options;
  return createStatesEngine({
    clock: { nowMs: clock },
    scheduler: { after: options.after },
    ids: { uuid: randomUUID },
    random: { next: Math.random },
    integrations: taskIntegrations({ functions, bus, clock, permissions }),
    authorize: (check) => authorizeRole(options.access, check),
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

/** As a Task of Step Functions' own integration would fail. */
function authorizeRole(access: Access, { roleArn, action, resource }: Parameters<AuthorizeRole>[0]): void {
  try {
    access.require({ principal: roleArn, action, resource });
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error;
    throw new StateFailure('StepFunctions.AWSStepFunctionsException', error.message, { cause: error });
  }
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
