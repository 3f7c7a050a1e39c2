import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib/core';
import cdkJson from '../cdk.json' with { type: 'json' };
import { modelHostsOf, type Settings } from '../contracts/settings.ts';
import { bundleFunctions, type FunctionBundles } from './bundles.ts';
import { ApiStack, type TokenIssuer } from './stacks/api-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { IdentityStack } from './stacks/identity-stack.ts';
import { ModelStack } from './stacks/model-stack.ts';
import { PipelineStack } from './stacks/pipeline-stack.ts';

export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** What is deployed besides templates. */
export interface CodeAssets {
  readonly bundles: FunctionBundles;
  /** Folder that holds `model-container/Dockerfile`. */
  readonly imageContext: string;
}

export interface KindredAppProps {
  readonly settings: Settings;
  /** Folder of the cloud assembly; CDK's own choice unless given. */
  readonly outdir?: string;
  /** Bundled from this project's sources unless given. */
  readonly codeAssets?: CodeAssets;
  /** Whether `synth()` checks the templates against CloudFormation's schemas, which takes a second or two; true unless given. */
  readonly checkTemplates?: boolean;
}

/**
 * The whole of Kindred as a CDK app, ready for `synth()`. Equal settings and sources give equal templates, however it is called: CDK's
 * feature flags are those of cdk.json.
 */
export function buildApp(props: KindredAppProps): App {
  const { settings, outdir, codeAssets = ownCodeAssets(settings), checkTemplates = true } = props;
  const flags = Object.entries(cdkJson.context).filter(([name]) => name.startsWith('@aws-cdk/'));
  const app = new App({
    analyticsReporting: false,
    autoSynth: false,
    builtinCloudFormationValidation: checkTemplates,
    treeMetadata: false,
    context: Object.fromEntries(flags),
    ...(outdir !== undefined && { outdir }),
  });
  const name = settings.deploymentName;
  const described = (part: string) => ({
    settings,
    description: `Kindred customer segmentation: ${part}`,
    // CloudFormation hands a stack's tags on to its resources.
    tags: { application: 'kindred', deployment: name },
  });

  const data = new DataStack(app, `${name}-data`, described('data at rest'));
  const model = modelHostsOf(settings).includes('sagemaker')
    ? new ModelStack(app, `${name}-model`, {
        ...described('encoder and trainer'),
        data,
        imageContext: codeAssets.imageContext,
      })
    : undefined;
  const { bundles } = codeAssets;
  const pipeline = new PipelineStack(app, `${name}-pipeline`, {
    ...described('intake and segment runs'),
    data,
    model,
    bundles,
  });
  const tokens = tokenIssuer(
    settings,
    () => new IdentityStack(app, `${name}-identity`, described('tokens of the API')),
  );
  new ApiStack(app, `${name}-api`, { ...described('look-ups over HTTP'), data, pipeline, bundles, tokens });
  return app;
}

function tokenIssuer(settings: Settings, cognito: () => IdentityStack): TokenIssuer {
  const audiences = settings.jwtAudience.split(',').filter((audience) => audience !== '');
  if (settings.identityProvider === 'external') return { issuerUrl: settings.jwtIssuer, audiences };
  const { issuerUrl, clientId } = cognito();
  return { issuerUrl, audiences: [clientId, ...audiences] };
}

function ownCodeAssets(settings: Settings): CodeAssets {
  return { bundles: bundleFunctions(projectRoot, settings.lambdaPlatform), imageContext: projectRoot };
}
