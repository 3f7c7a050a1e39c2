import * as z from 'zod';
import type { ModelHost } from './model-jobs.ts';

/** As `cdk.json` says it, or as text from the command line. */
const yesOrNo = z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })]);

/** Concurrent executions set aside for a function, which are also the most it gets; `none` leaves it to the account's pool. */
const reservedConcurrency = z.union([z.literal('none'), z.coerce.number().int().min(1).max(1000)]).default('none');

const knobs = z.strictObject({
  /** Prefix of the stacks' names; a second deployment in one account needs another. */
  deploymentName: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,19}$/)
    .default('kindred'),
  /** Who issues the API's tokens: a Cognito user pool that is deployed along, or any OpenID Connect issuer, `jwtIssuer`. */
  identityProvider: z.enum(['cognito', 'external']).default('cognito'),
  /** OpenID Connect issuer whose tokens the API accepts, with `external`; empty otherwise. */
  jwtIssuer: z.union([z.literal(''), z.url()]).default(''),
  /** What the API accepts as `aud` or `client_id`, comma-separated; with `cognito` these are clients besides the one deployed along. */
  jwtAudience: z
    .string()
    .regex(/^([^\s,]+(,[^\s,]+)*)?$/, 'must be one or more names, separated by commas without spaces')
    .default(''),
  /** Who is told of alarms, once they have confirmed the subscription; empty: nobody by e-mail. */
  alarmEmail: z.union([z.literal(''), z.email()]).default(''),
  /** Concurrency reserved for looking one customer up. */
  lookupConcurrency: reservedConcurrency,
  /** Concurrency reserved for taking files in: the most files worked on at once. */
  ingestConcurrency: reservedConcurrency,
  /** Whether data, keys and users outlive the stacks. */
  retainData: yesOrNo.default(true),
  /** A run starts once no file has been committed for this long. */
  quietSeconds: z.coerce.number().int().min(1).max(86_400).default(60),
  /** How many segments: a number, or `auto` to choose by silhouette, stability and useful size. */
  segments: z.union([z.literal('auto'), z.coerce.number().int().min(2).max(100)]).default('auto'),
  /** Dimensions of a customer's vector. */
  vectorDims: z.coerce.number().int().min(2).max(1024).default(100),
  /** Encoder by folder name, or `auto` to choose by the script of the shop's texts. */
  model: z.string().min(1).default('auto'),
  /** Partitions of the lake by pseudonym. Fixed for the life of a deployment. */
  lakePartitions: z.coerce.number().int().min(1).max(4096).default(16),
  /** Smallest accuracy on held-out customers at which a run goes live. */
  minimumAccuracy: z.coerce.number().min(0).max(1).default(0.8),
  /** Requests that the API answers a second, and how many at once on top of that; more are answered 429. */
  apiRequestsPerSecond: z.coerce.number().int().min(1).max(10_000).default(100),
  apiBurst: z.coerce.number().int().min(1).max(5_000).default(200),
  /** Days for which inbox/, vectors-inbox/ and rejects/, the only places with raw data, are kept. */
  rawRetentionDays: z.coerce.number().int().min(1).default(90),
  /**
   * Where texts are embedded and classifiers trained. `lambda`: in a Lambda function, on its CPU; no SageMaker resource is made.
   * `sagemaker`: on a GPU endpoint. `auto`: in the Lambda, and once `modelInstanceType` is given bulk on an endpoint of that instance.
   */
  modelHosting: z.enum(['auto', 'sagemaker', 'lambda']).default('auto'),
  /**
   * GPU instance of the model endpoint; with `sagemaker` ml.g5.xlarge where it is empty. SageMaker makes an endpoint with one instance at
   * least, so the account needs a quota of one before it is given.
   */
  modelInstanceType: z.union([z.literal(''), z.string().startsWith('ml.')]).default(''),
  /** Platform of the Lambda functions and of the ONNX Runtime binary shipped with them. */
  lambdaPlatform: z
    .enum(['linux-arm64', 'linux-x64', 'darwin-arm64', 'darwin-x64', 'win32-x64'])
    .default('linux-arm64'),
  /** Days for which logs are kept. */
  logRetentionDays: z.coerce.number().int().min(1).default(30),
});

/** What an owner can set at deployment, as CDK context (`cdk.json` or `-c name=value`). Unknown names are refused at synth. */
export const settingsSchema = knobs.superRefine((settings, context) => {
  const refuse = (path: keyof typeof settings, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message });
  if (settings.identityProvider === 'external') {
    if (settings.jwtIssuer === '')
      refuse('jwtIssuer', 'identityProvider=external needs the issuer, e.g. https://login.example.com/tenant');
    if (settings.jwtAudience === '')
      refuse('jwtAudience', 'identityProvider=external needs the audience of its tokens');
    return;
  }
  if (settings.jwtIssuer !== '')
    refuse('jwtIssuer', 'identityProvider=cognito issues the tokens itself; set identityProvider=external');
  // Cognito refuses these words in a domain's name (CreateUserPoolDomain, `Domain`).
  if (/aws|amazon|cognito/.test(settings.deploymentName))
    refuse('deploymentName', 'identityProvider=cognito takes no name with aws, amazon or cognito in it');
});
export type Settings = z.infer<typeof settingsSchema>;

/** Where a deployment can run model jobs; at least one. */
export function modelHostsOf({
  modelHosting,
  modelInstanceType,
}: Pick<Settings, 'modelHosting' | 'modelInstanceType'>): readonly ModelHost[] {
  if (modelHosting === 'auto') return modelInstanceType === '' ? ['lambda'] : ['lambda', 'sagemaker'];
  return [modelHosting];
}
