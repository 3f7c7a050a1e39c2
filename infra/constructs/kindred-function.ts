import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { AssetHashType, Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { type Environment, environments, type FunctionName } from '../../contracts/environments.ts';
import type { Settings } from '../../contracts/settings.ts';
import type { FunctionBundles } from '../bundles.ts';
import { functionSizes } from '../function-sizes.ts';
import { reservedConcurrency } from '../reserved-concurrency.ts';
import { acknowledgeUnscopedActions, allow } from './access.ts';
import { acknowledge } from './acknowledgements.ts';
import { ExpiringLogGroup } from './expiring-log-group.ts';

/** A function's environment as text; values may be tokens. */
export type Variables<F extends FunctionName> = Readonly<Record<keyof Environment<F>, string>>;

export interface KindredFunctionProps<F extends FunctionName> {
  readonly functionName: F;
  readonly environment: Variables<F>;
  readonly bundles: FunctionBundles;
  readonly settings: Settings;
  /** Where an asynchronous event goes that failed at every attempt; for every function that is invoked so. */
  readonly deadLetters?: Queue;
}

const architectures: Readonly<Record<Settings['lambdaPlatform'], lambda.Architecture>> = {
  'linux-arm64': lambda.Architecture.ARM_64,
  'linux-x64': lambda.Architecture.X86_64,
  // Platforms of the embedded cloud's host: such a template is run there and is not fit for deployment.
  'darwin-arm64': lambda.Architecture.ARM_64,
  'darwin-x64': lambda.Architecture.X86_64,
  'win32-x64': lambda.Architecture.X86_64,
};

/** A Lambda function of `functions/`: its bundle, exactly the variables of its contract, a role and a log group of its own. */
export class KindredFunction<F extends FunctionName> extends Construct {
  readonly functionName: F;
  readonly role: iam.Role;
  readonly resource: lambda.Function;

  constructor(scope: Construct, id: string, props: KindredFunctionProps<F>) {
    super(scope, id);
    const { functionName, settings } = props;
    const bundle = props.bundles[functionName];
    const size = functionSizes[functionName];
    environments[functionName].parse(props.environment);
    this.functionName = functionName;

    const logs = new ExpiringLogGroup(this, 'Logs', { settings });
    const reserved = reservedConcurrency(functionName, settings);
    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${functionName} of ${settings.deploymentName} may do`,
    });
    allow(this.role, ['logs:CreateLogStream', 'logs:PutLogEvents'], [logs.logGroupArn]);
    acknowledgeUnscopedActions(this.role);

    this.resource = new lambda.Function(this, 'Function', {
      description: `Kindred ${functionName}`,
      code: lambda.Code.fromAsset(bundle.folder, {
        assetHash: bundle.contentHash,
        assetHashType: AssetHashType.CUSTOM,
      }),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: architectures[settings.lambdaPlatform],
      memorySize: size.memoryMb,
      timeout: Duration.seconds(size.timeoutSeconds),
      environment: { ...props.environment },
      role: this.role,
      logGroup: logs,
      tracing: lambda.Tracing.ACTIVE,
      ...(reserved !== undefined && { reservedConcurrentExecutions: reserved }),
      ...(props.deadLetters && { deadLetterQueue: props.deadLetters }),
    });
    if (!props.deadLetters) {
      acknowledge(
        this,
        'LambdaDLQ',
        'Whoever invokes it waits for the answer: a failure is theirs to see and to repeat.',
        'Serverless',
      );
    }
  }

  get functionArn(): string {
    return this.resource.functionArn;
  }
}
