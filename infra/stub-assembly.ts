import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib/core';
import { type FunctionBundles, functionNames } from './bundles.ts';
import { checkedSettings } from './deployment-settings.ts';
import { buildApp } from './kindred-app.ts';
import { templatesIn } from './upgrades/assembly-templates.ts';
import type { TemplateJson } from './upgrades/inventory.ts';

/** A resource of a synthesized template. Properties are whatever CloudFormation takes. */
export interface TemplateResource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template has no types; the tests that read it check what they find.
  readonly Properties: any;
  readonly DeletionPolicy?: string;
}

export interface StubAssembly {
  readonly app: App;
  /** Text of each template by the last word of its stack's name: no `identity` without Cognito, no `model` without an endpoint. */
  readonly texts: Readonly<Partial<Record<StackPart, string>>>;
  /** The templates by the whole name of their stack. */
  readonly templates: Readonly<Record<string, TemplateJson>>;
  /** Resources of all stacks by logical id. */
  readonly resources: Readonly<Record<string, TemplateResource>>;
  resourcesOf(type: string): TemplateResource[];
}

const stackParts = ['data', 'identity', 'model', 'pipeline', 'api'] as const;
type StackPart = (typeof stackParts)[number];

/**
 * The whole app with one stub for every function's code and for the image: for tests of the templates, which need no bundling. Unless told
 * otherwise it has both hosts of model jobs, and so every resource that there can be.
 */
export function synthesizeStubs(given: Readonly<Record<string, unknown>> = {}, checkTemplates = false): StubAssembly {
  const folder = mkdtempSync(join(tmpdir(), 'kindred-infra-'));
  try {
    const imageContext = join(folder, 'image');
    const code = join(folder, 'code');
    mkdirSync(join(imageContext, 'model-container'), { recursive: true });
    mkdirSync(code);
    writeFileSync(join(imageContext, 'model-container', 'Dockerfile'), 'FROM scratch\n');
    writeFileSync(join(code, 'index.mjs'), 'export const handler = async () => ({});\n');
    const bundle = { folder: code, contentHash: '0'.repeat(64) };
    const bundles = Object.fromEntries(functionNames.map((name) => [name, bundle])) as FunctionBundles;

    const settings = checkedSettings({ modelInstanceType: 'ml.g5.xlarge', ...given });
    const outdir = join(folder, 'cdk.out');
    const app = buildApp({ settings, outdir, codeAssets: { bundles, imageContext }, checkTemplates });
    app.synth();
    const textOf = (part: StackPart) =>
      readFileSync(join(outdir, `${settings.deploymentName}-${part}.template.json`), 'utf8');
    const templates = templatesIn(outdir);
    const parts = stackParts.filter((part) => templates[`${settings.deploymentName}-${part}`] !== undefined);
    const texts = Object.fromEntries(parts.map((part) => [part, textOf(part)]));
    const entries = Object.values(templates).flatMap(({ Resources = {} }) =>
      Object.entries(Resources as Readonly<Record<string, TemplateResource>>),
    );
    const resources = Object.fromEntries(entries);
    if (Object.keys(resources).length < entries.length) throw new Error('two stacks have resources of one logical id');
    return {
      app,
      texts,
      templates,
      resources,
      resourcesOf: (type) => Object.values(resources).filter((resource) => resource.Type === type),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
