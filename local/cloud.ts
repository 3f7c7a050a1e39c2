import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { scopes } from '../contracts/scopes.ts';
import { modelHostsOf, type Settings } from '../contracts/settings.ts';
import { bareEnvironment, startChildServer } from './child-server.ts';
import { allStarted, Closers } from './closers.ts';
import { type Credentials, loadCredentials, ownerArn } from './credentials.ts';
import { lockDataFolder } from './data-lock.ts';
import { deadLetterSender } from './dead-letter-sender.ts';
import type { GateNews } from './dynamodb/gate.ts';
import { createTables } from './dynamodb/tables.ts';
import { type Endpoints, removeEndpoints, writeEndpoints } from './endpoints.ts';
import { type Delivery, EventBus } from './events/bus.ts';
import { HeardObjects } from './events/heard-objects.ts';
import { rulesOf } from './events/rules.ts';
import { s3EventEntry } from './events/s3-events.ts';
import { apiDefinition } from './http-api/api-definition.ts';
import { type Issuer, startIssuer } from './http-api/issuer.ts';
import { startApiServer } from './http-api/server.ts';
import { Access, type Call } from './iam/access.ts';
import { accountPolicies } from './iam/account-policies.ts';
import type { Invocation } from './lambda/function-service.ts';
import { onPort } from './listening.ts';
import { ObjectAccess } from './object-access.ts';
import { PendingWork } from './pending-work.ts';
import { byteSource, randomIndex } from './random-bytes.ts';
import { startS3 } from './s3/server.ts';
import { Secrets } from './secrets-manager/secrets.ts';
import { ServicePermissions } from './service-permissions.ts';
import { startServices } from './services.ts';
import { DeadLetterQueues } from './sqs/dead-letter-queues.ts';
import type { ProgressEvent } from './states/ports.ts';
import { loadAssembly } from './template/assembly.ts';
import { type CloudResource, type ResolvedTemplate, resolveTemplate } from './template/resolved-template.ts';
import { PROJECT_ROOT, synthesize } from './template/synthesize.ts';

export interface CloudOptions {
  /** All state lives here and outlives a restart. One cloud at a time. */
  readonly dataDir: string;
  /** 0: any free ports. Else this port is the HTTP API's, and the next seven are those of `PORT_ORDER`. */
  readonly port: number;
  /** Deployment settings other than their defaults. */
  readonly settings: Readonly<Partial<Settings>>;
  /** Makes generated secrets and keys the same in every new data folder. */
  readonly seed?: number;
  /** Writes the cloud assembly to run into `folder`; this project's CDK app unless given. */
  readonly synthesize?: (folder: string, issuerUrl: string) => Promise<void>;
  readonly onProgress?: (event: ProgressEvent) => void;
  readonly onInvocation?: (invocation: Invocation) => void;
  /** Told of every permission that anybody but the owner is asked for, whether it is given or not; of DynamoDB's, of each kind once. */
  readonly onAuthorization?: (call: Call) => void;
  /** Told of what went wrong where nobody waits for an answer. */
  readonly log: (line: string) => void;
}

export interface Cloud {
  readonly endpoints: Endpoints;
  /** Settings of an AWS client for one of the services. */
  clientConfig(service: ServiceName): {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** Resolved once a process of every function stands ready; the cloud answers before, with cold starts. */
  readonly warm: Promise<void>;
  /** Stops everything; no process is left. */
  close(): Promise<void>;
}

export type ServiceName = 's3' | 'dynamodb' | 'stepFunctions' | 'sagemakerRuntime' | 'eventBridge' | 'secretsManager';

/** What listens on `port`, `port + 1`, … */
export const PORT_ORDER = [
  'api',
  's3',
  'dynamodb',
  'stepFunctions',
  'sagemakerRuntime',
  'eventBridge',
  'secretsManager',
  'issuer',
] as const;

const REGION = 'us-east-1';
const ACCOUNT_ID = '000000000000';
const ACCOUNT = { region: REGION, accountId: ACCOUNT_ID };
const TOKEN_LIFETIME_SECONDS = 10 * 365 * 86_400;
const SCOPES = {
  reader: [scopes.readSegments],
  writer: [scopes.readSegments, scopes.writeCustomers],
  admin: [scopes.readSegments, scopes.writeCustomers, scopes.admin],
};
/** What a child has for an orderly end. */
const GRACE_MS = 5_000;
const MIN_FUNCTION_CONCURRENCY = 2;
const IDLE_PROCESSES_PER_CORE = 4;

/**
 * Runs the synthesized template on this machine. Resolves once everything answers and `endpoints.json` stands in the data folder.
 * @throws DataFolderInUseError, PortInUseError, SynthesisError, UnrunnableTemplateError; whatever was started is stopped first
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const dataFolder = resolve(options.dataDir);
  const closers = new Closers();
  try {
    const lock = await lockDataFolder(dataFolder);
    closers.add(() => lock.release());
    await removeEndpoints(dataFolder);
    return await start({ ...options, dataDir: dataFolder }, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function start(options: CloudOptions, closers: Closers): Promise<Cloud> {
  const { dataDir: dataFolder, log } = options;
  const clock = () => Date.now();
  const portOf = (name: (typeof PORT_ORDER)[number]) =>
    options.port === 0 ? 0 : options.port + PORT_ORDER.indexOf(name);
  const bytes = byteSource(options.seed);
  const compileCacheFolder = join(dataFolder, 'compile-cache');
  const environment = bareEnvironment(join(PROJECT_ROOT, '.build', 'compile-cache'));
  const keyFolder = join(dataFolder, 'keys');
  await mkdir(join(dataFolder, 'logs'), { recursive: true });
  const credentials = await loadCredentials(keyFolder, bytes);
  const startChild = (
    name: string,
    script: string,
    args: readonly string[],
    variables: Readonly<Record<string, string>>,
    onMessage?: (message: GateNews) => void,
  ) =>
    closers.keep(
      startChildServer({
        name,
        script: new URL(script, import.meta.url),
        args,
        environment: { ...environment, ...variables },
        logFile: join(dataFolder, 'logs', `${name}.log`),
        graceMs: GRACE_MS,
        ...(onMessage && { onMessage }),
        onUnexpectedExit: (error) => log(error.message),
      }),
    );

  // The resolved template holds the issuer's and the API's URLs, so these listen first; what needs no template starts beside its synthesis.
  const [issuer, api] = await allStarted([
    closers.keep(startIssuer(keyFolder, portOf('issuer'), clock)),
    closers.keep(startApiServer({ accountId: ACCOUNT_ID, clock, uuid: randomUUID }, portOf('api'))),
  ]);
  const folder = join(dataFolder, 'cdk.out');
  const startModel = () =>
    startChild('model-server', '../model-container/server.ts', [], { SAGEMAKER_BIND_TO_PORT: '0' });
  const [template, dynamodb, ownModel] = await allStarted([
    (options.synthesize ?? synthesizeKindred(options.settings, environment))(folder, issuer.url).then(async () =>
      resolveTemplate(await loadAssembly(folder), { ...ACCOUNT, apiUrl: api.url, issuerUrl: issuer.url }),
    ),
    startChild(
      'dynamodb',
      './dynamodb/server-process.ts',
      [join(dataFolder, 'dynamodb'), String(portOf('dynamodb'))],
      // One thread for the database's many small reads and writes: a quarter more a second than libuv's four.
      { UV_THREADPOOL_SIZE: '1' },
      ({ call, denied }) => {
        if (call) options.onAuthorization?.(call);
        if (denied) log(denied);
      },
    ),
    willHaveEndpoint(options) ? startModel() : Promise.resolve(undefined),
  ]);
  const { resources } = template;
  const hasEndpoint = resources.some(({ type }) => type === 'AWS::SageMaker::Endpoint');
  const model = ownModel ?? (hasEndpoint ? await startModel() : undefined);
  for (const { type, attributes } of resources) if (type === 'AWS::IAM::Role') credentials.of(attributes['Arn']!);

  const { onAuthorization } = options;
  const policies = accountPolicies(resources, ACCOUNT);
  const access = new Access(policies, {
    owner: ownerArn,
    onDenied: ({ message }) => log(message),
    ...(onAuthorization && { onCall: onAuthorization }),
  });
  const permissions = new ServicePermissions(access, ACCOUNT);
  permissions.assumeRoles(resources);
  dynamodb.send({ policies, keys: credentials.all(), owner: ownerArn, tellsCalls: onAuthorization !== undefined });

  const queues = new DeadLetterQueues(join(dataFolder, 'queues'), resources, clock, randomUUID);
  const sendToQueue = deadLetterSender(queues, permissions, log);
  const deliveries = new PendingWork<Delivery>(join(dataFolder, 'events', 'deliveries.jsonl'));
  const heard = new HeardObjects(join(dataFolder, 'events', 'heard-objects'));
  closers.add(async () => {
    deliveries.close();
    heard.close();
  });
  // Before S3, which tells at its start of objects that the last process had no time to tell of. Delivered is once all services stand.
  const bus = new EventBus({
    region: REGION,
    accountId: ACCOUNT_ID,
    rules: rulesOf(resources),
    pending: deliveries,
    sendToQueue: (message, ruleArn) => sendToQueue('events.amazonaws.com', message, ruleArn),
    onLostEvent: (rule, target, error) => log(`An event of ${rule} for ${target} is lost: ${(error as Error).message}`),
    clock,
    uuid: randomUUID,
    after,
  });
  const announcing = announcingBuckets(resources);
  const [s3, secrets] = await allStarted([
    closers.keep(
      onPort(portOf('s3'), 's3', (port) =>
        startS3({
          dataDir: join(dataFolder, 's3'),
          port,
          buckets: bucketsOf(resources),
          credentials: credentials.lookupSecret,
          region: REGION,
          clock,
          authorize: ({ accessKeyId, ...call }) =>
            access.require({ principal: credentials.principalOf(accessKeyId), ...call }),
          onEvent: (event) => {
            if (announcing.has(event.bucket)) bus.put(s3EventEntry(event, randomUUID(), ACCOUNT_ID));
            heard.advance(event.sequencer);
          },
          heardSequencer: heard.sequencer,
          onFailure: (error, requestId) => log(`S3 failed on request ${requestId}: ${(error as Error).stack}`),
        }),
      ),
    ),
    Secrets.open(join(dataFolder, 'secrets'), resources, (below) => randomIndex(bytes, below)),
    prepareTables(dynamodb.url, credentials, resources),
  ]);
  const objects = new ObjectAccess(s3.url, REGION, credentials);
  closers.add(async () => objects.close());
  const services = await startServices(
    {
      ...options,
      template,
      dataFolder,
      compileCacheFolder,
      ...ACCOUNT,
      credentials,
      access,
      objects,
      secrets,
      permissions,
      bus,
      sendToQueue,
      s3Url: s3.url,
      dynamodbUrl: dynamodb.url,
      modelUrl: model?.url,
      portOf,
      functionConcurrency: Math.max(MIN_FUNCTION_CONCURRENCY, availableParallelism()),
      spareIdleProcesses: IDLE_PROCESSES_PER_CORE * availableParallelism(),
      clock,
      after,
    },
    closers,
  );
  const definition = apiDefinition(resources, clock);
  if (definition !== undefined) {
    api.serve(definition, async ({ functionArn, routeKey }, payload) => {
      const source = `${definition.apiId}/${definition.stage}/${routeKey.replace(' ', '')}`;
      const sourceArn = `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${source}`;
      permissions.invokeFunction('apigateway.amazonaws.com', functionArn, sourceArn);
      return services.functions.invoke(functionArn, payload);
    });
  }

  const endpoints: Endpoints = {
    region: REGION,
    accessKeyId: credentials.owner.accessKeyId,
    secretAccessKey: credentials.owner.secretAccessKey,
    bucket: outputNamed(template, 'BucketName'),
    s3: s3.url,
    dynamodb: dynamodb.url,
    ...services.urls,
    api: api.url,
    tokens: await tokensOf(issuer, definition?.audience ?? ''),
    tables: titled(resources, /^AWS::DynamoDB::/),
    stateMachines: titled(resources, /^AWS::StepFunctions::StateMachine$/),
  };
  await writeEndpoints(dataFolder, endpoints);
  closers.add(() => removeEndpoints(dataFolder));
  return {
    endpoints,
    warm: services.functions.warm(),
    clientConfig: (service) => ({
      endpoint: endpoints[service],
      region: REGION,
      credentials: { ...credentials.owner },
    }),
    close: () => closers.close(),
  };
}

/** Known before the template is, so that the model server starts beside its synthesis. */
function willHaveEndpoint({ synthesize: own, settings }: CloudOptions): boolean {
  return (
    own === undefined &&
    modelHostsOf({ modelHosting: 'auto', modelInstanceType: '', ...settings }).includes('sagemaker')
  );
}

function synthesizeKindred(settings: Readonly<Partial<Settings>>, environment: Readonly<Record<string, string>>) {
  const platform = { lambdaPlatform: `${process.platform}-${process.arch}` };
  return (folder: string): Promise<void> => synthesize({ ...platform, ...settings }, folder, environment);
}

async function prepareTables(
  endpoint: string,
  { owner }: Credentials,
  resources: readonly CloudResource[],
): Promise<void> {
  const client = new DynamoDBClient({ endpoint, region: REGION, credentials: owner });
  try {
    await createTables(client, resources);
  } finally {
    client.destroy();
  }
}

function bucketsOf(resources: readonly CloudResource[]): { name: string; versioned: boolean }[] {
  return resources
    .filter(({ type }) => type === 'AWS::S3::Bucket')
    .map(({ ref, properties }) => {
      const versioning = properties['VersioningConfiguration'] as { Status?: string } | undefined;
      return { name: ref, versioned: versioning?.Status === 'Enabled' };
    });
}

interface NotificationConfiguration {
  readonly EventBridgeConfiguration?: { readonly EventBridgeEnabled?: boolean };
}

/** Buckets whose events go to EventBridge. */
function announcingBuckets(resources: readonly CloudResource[]): Set<string> {
  const buckets = resources.filter(({ type, properties }) => {
    const notifications = properties['NotificationConfiguration'] as NotificationConfiguration | undefined;
    return type === 'AWS::S3::Bucket' && notifications?.EventBridgeConfiguration?.EventBridgeEnabled === true;
  });
  return new Set(buckets.map(({ ref }) => ref));
}

async function tokensOf(issuer: Issuer, audience: string): Promise<Endpoints['tokens']> {
  const sign = (subject: keyof typeof SCOPES) =>
    issuer.sign(subject, SCOPES[subject], audience, TOKEN_LIFETIME_SECONDS);
  const [reader, writer, admin] = await Promise.all([sign('reader'), sign('writer'), sign('admin')]);
  return { reader, writer, admin };
}

/** `ModelJobs` -> `modelJobs`: how the endpoints file names a resource. */
function titled(resources: readonly CloudResource[], type: RegExp): Record<string, string> {
  const named = resources.filter((resource) => type.test(resource.type));
  return Object.fromEntries(named.map(({ title, ref }) => [title.charAt(0).toLowerCase() + title.slice(1), ref]));
}

/** The value of an output, in whichever stack; the empty string when no stack has it. */
function outputNamed({ outputs }: ResolvedTemplate, name: string): string {
  const value = Object.values(outputs).find((values) => values[name] !== undefined)?.[name];
  return typeof value === 'string' ? value : '';
}

function after(delayMs: number, action: () => void): () => void {
  const timer = setTimeout(action, delayMs);
  return () => clearTimeout(timer);
}
