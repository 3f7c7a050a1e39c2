import * as z from 'zod';
import type { ModelHost } from './model-jobs.ts';

/** What an owner can set at deployment, as CDK context (`cdk.json` or `-c name=value`). Unknown names are refused at synth. */
export const settingsSchema = z.strictObject({
  /** Prefix of the stacks' names; a second deployment in one account needs another. */
  deploymentName: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,19}$/)
    .default('kindred'),
  /** OpenID Connect issuer whose tokens the API accepts, e.g. a Cognito user pool's URL. */
  jwtIssuer: z.url(),
  /** The `aud` or `client_id` the API accepts. */
  jwtAudience: z.string().min(1),
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
   * GPU instance of the model endpoint; with `sagemaker` ml.g5.xlarge unless given. SageMaker makes an endpoint with one instance at
   * least, so the account needs a quota of one before it is given.
   */
  modelInstanceType: z.string().startsWith('ml.').optional(),
  /** Platform of the Lambda functions and of the ONNX Runtime binary shipped with them. */
  lambdaPlatform: z
    .enum(['linux-arm64', 'linux-x64', 'darwin-arm64', 'darwin-x64', 'win32-x64'])
    .default('linux-arm64'),
  /** Days for which logs are kept. */
  logRetentionDays: z.coerce.number().int().min(1).default(30),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Where a deployment can run model jobs; at least one. */
export function modelHostsOf({
  modelHosting,
  modelInstanceType,
}: Pick<Settings, 'modelHosting' | 'modelInstanceType'>): readonly ModelHost[] {
  if (modelHosting === 'auto') return modelInstanceType === undefined ? ['lambda'] : ['lambda', 'sagemaker'];
  return [modelHosting];
}
