import { devNull } from 'node:os';
import { UnrunnableTemplateError } from '../template/errors.ts';
import type { Json } from '../template/intrinsics.ts';
import type { CloudResource, ResolvedTemplate } from '../template/resolved-template.ts';
import type { FunctionDefinition } from './function-definition.ts';

const RUNTIME = 'nodejs24.x';
const DEFAULT_MEMORY_MB = 128;
const DEFAULT_TIMEOUT_SECONDS = 3;
const DEFAULT_RETRY_ATTEMPTS = 2;
const DEFAULT_MAX_EVENT_AGE_SECONDS = 21_600;

export interface FunctionPlace {
  readonly region: string;
  /** Access key of a role, by the role's ARN. */
  readonly credentialsOf: (roleArn: string) => { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** `AWS_ENDPOINT_URL_*` -> URL. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Processes per function at a time. */
  readonly concurrency: number;
}

/** The functions of the template, each with the environment that the Lambda service would give it. */
export function functionDefinitions(template: ResolvedTemplate, place: FunctionPlace): FunctionDefinition[] {
  const invokeConfigs = template.resources.filter(({ type }) => type === 'AWS::Lambda::EventInvokeConfig');
  return template.resources
    .filter(({ type }) => type === 'AWS::Lambda::Function')
    .map((resource) => {
      const config =
        invokeConfigs.find(({ properties }) => properties['FunctionName'] === resource.ref)?.properties ?? {};
      return functionDefinition(resource, config, template.assets, place);
    });
}

function functionDefinition(
  resource: CloudResource,
  invokeConfig: CloudResource['properties'],
  assets: ReadonlyMap<string, string>,
  place: FunctionPlace,
): FunctionDefinition {
  const { properties, ref: name } = resource;
  const refused = (what: string) => new UnrunnableTemplateError([`${resource.stack}/${resource.logicalId}: ${what}`]);
  if (properties['Runtime'] !== RUNTIME)
    throw refused(`the runtime ${properties['Runtime']} is not known here; known is ${RUNTIME}`);
  const key = String(at(properties, 'Code', 'S3Key'));
  const folder = assets.get(key.replace(/\.zip$/, ''));
  if (folder === undefined) throw refused(`its code ${key} is not among the assets`);
  const memoryMb = Number(properties['MemorySize'] ?? DEFAULT_MEMORY_MB);
  const logGroup = String(at(properties, 'LoggingConfig', 'LogGroup') ?? `/aws/lambda/${name}`);
  const reserved = properties['ReservedConcurrentExecutions'];
  const deadLetterArn = at(properties, 'DeadLetterConfig', 'TargetArn');
  const failureDestinationArn = at(invokeConfig, 'DestinationConfig', 'OnFailure', 'Destination');
  for (const target of [deadLetterArn, failureDestinationArn]) {
    if (target !== undefined && !String(target).split(':')[2]?.startsWith('sqs')) {
      throw refused(`a dead letter can go to an SQS queue only, got ${target}`);
    }
  }
  return {
    name,
    arn: resource.attributes['Arn']!,
    title: resource.title,
    roleArn: String(properties['Role']),
    logGroup,
    folder,
    handler: String(properties['Handler']),
    memoryMb,
    timeoutMs: Number(properties['Timeout'] ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
    environment: environmentOf(resource, { folder, memoryMb, logGroup }, place),
    concurrency: Math.min(place.concurrency, typeof reserved === 'number' ? reserved : Number.POSITIVE_INFINITY),
    retryAttempts: Number(invokeConfig['MaximumRetryAttempts'] ?? DEFAULT_RETRY_ATTEMPTS),
    maxEventAgeMs: Number(invokeConfig['MaximumEventAgeInSeconds'] ?? DEFAULT_MAX_EVENT_AGE_SECONDS) * 1000,
    ...(deadLetterArn === undefined ? {} : { deadLetterArn: String(deadLetterArn) }),
    ...(failureDestinationArn === undefined ? {} : { failureDestinationArn: String(failureDestinationArn) }),
  };
}

/** Lambda developer guide, "Defined runtime environment variables", plus the endpoints of the embedded cloud. */
function environmentOf(
  { properties, ref: name }: CloudResource,
  { folder, memoryMb, logGroup }: { readonly folder: string; readonly memoryMb: number; readonly logGroup: string },
  { region, credentialsOf, endpoints }: FunctionPlace,
): Record<string, string> {
  const variables = (at(properties, 'Environment', 'Variables') ?? {}) as Record<string, Json>;
  const { accessKeyId, secretAccessKey } = credentialsOf(String(properties['Role']));
  return {
    ...Object.fromEntries(Object.entries(variables).map(([variable, value]) => [variable, String(value)])),
    ...endpoints,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${RUNTIME}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: name,
    LAMBDA_TASK_ROOT: folder,
    _HANDLER: String(properties['Handler']),
    // A function in AWS has no home folder with the settings of a person: the SDK must not find this machine's.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}

function at(value: Json | CloudResource['properties'] | undefined, ...path: readonly string[]): Json | undefined {
  let current: unknown = value;
  for (const name of path) current = (current as Record<string, unknown> | undefined)?.[name];
  return current as Json | undefined;
}
