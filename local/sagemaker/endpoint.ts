import { UnrunnableTemplateError } from '../template/errors.ts';
import type { CloudResource } from '../template/resolved-template.ts';

export interface AsyncEndpoint {
  readonly arn: string;
  readonly name: string;
  readonly variantName: string;
  readonly executionRoleArn: string;
  /** `s3://bucket/prefix` */
  readonly outputPath: string;
  readonly failurePath: string;
  readonly successTopicArn?: string;
  readonly errorTopicArn?: string;
  readonly maxConcurrentInvocations: number;
}

interface EndpointConfigProperties {
  readonly ProductionVariants: readonly { readonly ModelName: string; readonly VariantName: string }[];
  readonly AsyncInferenceConfig?: {
    readonly ClientConfig?: { readonly MaxConcurrentInvocationsPerInstance?: number };
    readonly OutputConfig: {
      readonly S3OutputPath: string;
      readonly S3FailurePath?: string;
      readonly NotificationConfig?: { readonly SuccessTopic?: string; readonly ErrorTopic?: string };
    };
  };
}

/** SageMaker chooses when the template does not. */
const DEFAULT_CONCURRENCY = 4;

/** The asynchronous endpoints of the template. @throws UnrunnableTemplateError for one that is not asynchronous, or refers to nothing */
export function asyncEndpoints(resources: readonly CloudResource[]): AsyncEndpoint[] {
  const named = (type: string, attribute: string, name: unknown, from: CloudResource): CloudResource => {
    const found = resources.find((one) => one.type === type && one.attributes[attribute] === name);
    if (found === undefined) throw refused(from, `there is no ${type} named ${name}`);
    return found;
  };
  return resources
    .filter(({ type }) => type === 'AWS::SageMaker::Endpoint')
    .map((endpoint) => {
      const config = named(
        'AWS::SageMaker::EndpointConfig',
        'EndpointConfigName',
        endpoint.properties['EndpointConfigName'],
        endpoint,
      );
      const { ProductionVariants, AsyncInferenceConfig } = config.properties as unknown as EndpointConfigProperties;
      const [variant, ...others] = ProductionVariants;
      if (variant === undefined || others.length > 0) throw refused(config, 'it must have one production variant');
      if (AsyncInferenceConfig === undefined)
        throw refused(config, 'only endpoints with an AsyncInferenceConfig are known here');
      const model = named('AWS::SageMaker::Model', 'ModelName', variant.ModelName, config);
      const { S3OutputPath, S3FailurePath = S3OutputPath, NotificationConfig = {} } = AsyncInferenceConfig.OutputConfig;
      return {
        arn: endpoint.ref,
        name: endpoint.attributes['EndpointName']!,
        variantName: variant.VariantName,
        executionRoleArn: String(model.properties['ExecutionRoleArn']),
        outputPath: S3OutputPath,
        failurePath: S3FailurePath,
        ...(NotificationConfig.SuccessTopic ? { successTopicArn: NotificationConfig.SuccessTopic } : {}),
        ...(NotificationConfig.ErrorTopic ? { errorTopicArn: NotificationConfig.ErrorTopic } : {}),
        maxConcurrentInvocations:
          AsyncInferenceConfig.ClientConfig?.MaxConcurrentInvocationsPerInstance ?? DEFAULT_CONCURRENCY,
      };
    });
}

function refused({ stack, logicalId }: CloudResource, what: string): UnrunnableTemplateError {
  return new UnrunnableTemplateError([`${stack}/${logicalId}: ${what}`]);
}
