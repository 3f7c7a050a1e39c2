import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UnrunnableTemplateError } from './errors.ts';

/**
 * Reads a cloud assembly: what `app.synth()` leaves in its output folder.
 * Source: the schemas of @aws-cdk/cloud-assembly-schema (manifest.json and the asset manifests).
 */
const manifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      properties: z
        .object({ templateFile: z.string().optional(), stackName: z.string().optional(), file: z.string().optional() })
        .optional(),
      dependencies: z.array(z.string()).default([]),
      additionalMetadataFile: z.string().optional(),
    }),
  ),
});

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.json()).default({}),
  Condition: z.string().optional(),
});

const templateSchema = z.object({
  Resources: z.record(z.string(), resourceSchema).default({}),
  Outputs: z
    .record(
      z.string(),
      z.object({ Value: z.json(), Condition: z.string().optional(), Export: z.object({ Name: z.json() }).optional() }),
    )
    .default({}),
  Parameters: z.record(z.string(), z.object({ Type: z.string(), Default: z.json().optional() })).default({}),
  Conditions: z.record(z.string(), z.json()).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.json()))).default({}),
});
export type Template = z.infer<typeof templateSchema>;

/** Path of a construct -> what is said about it; `aws:cdk:logicalId` names its resource. */
const metadataSchema = z.record(z.string(), z.array(z.object({ type: z.string(), data: z.json().optional() })));

const assetsSchema = z.object({
  files: z.record(z.string(), z.object({ source: z.object({ path: z.string() }) })).default({}),
});

export interface AssemblyStack {
  readonly name: string;
  readonly template: Template;
  /** Logical id -> the construct right under the stack that the resource is part of. */
  readonly constructs: ReadonlyMap<string, string>;
}

export interface Assembly {
  /** In the order of deployment: a stack comes after those it depends on. */
  readonly stacks: readonly AssemblyStack[];
  /** Content hash of a file asset -> its absolute path. */
  readonly assets: ReadonlyMap<string, string>;
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}

export async function loadAssembly(folder: string): Promise<Assembly> {
  const manifest = manifestSchema.parse(await readJson(join(folder, 'manifest.json')));
  const assets = new Map<string, string>();
  const stacks: AssemblyStack[] = [];
  for (const id of inDependencyOrder(manifest.artifacts)) {
    const artifact = manifest.artifacts[id]!;
    const { templateFile, stackName, file } = artifact.properties ?? {};
    if (artifact.type === 'aws:cloudformation:stack' && templateFile !== undefined) {
      stacks.push({
        name: stackName ?? id,
        template: templateSchema.parse(await readJson(join(folder, templateFile))),
        constructs: await constructsOf(folder, artifact.additionalMetadataFile),
      });
    }
    if (artifact.type === 'cdk:asset-manifest' && file !== undefined) {
      const { files } = assetsSchema.parse(await readJson(join(folder, file)));
      for (const [hash, { source }] of Object.entries(files)) assets.set(hash, join(folder, source.path));
    }
  }
  return { stacks, assets };
}

async function constructsOf(folder: string, metadataFile: string | undefined): Promise<Map<string, string>> {
  const constructs = new Map<string, string>();
  if (metadataFile === undefined) return constructs;
  for (const [path, entries] of Object.entries(metadataSchema.parse(await readJson(join(folder, metadataFile))))) {
    const [, , construct] = path.split('/');
    for (const { type, data } of entries) {
      if (type === 'aws:cdk:logicalId' && construct !== undefined) constructs.set(String(data), construct);
    }
  }
  return constructs;
}

function inDependencyOrder(artifacts: z.infer<typeof manifestSchema>['artifacts']): string[] {
  const ordered: string[] = [];
  const state = new Map<string, 'visiting' | 'done'>();
  const visit = (id: string, path: readonly string[]): void => {
    if (state.get(id) === 'done') return;
    if (state.get(id) === 'visiting') {
      throw new UnrunnableTemplateError([
        `the artifacts depend on each other in a circle: ${[...path, id].join(' -> ')}`,
      ]);
    }
    state.set(id, 'visiting');
    for (const dependency of artifacts[id]?.dependencies ?? []) visit(dependency, [...path, id]);
    state.set(id, 'done');
    ordered.push(id);
  };
  for (const id of Object.keys(artifacts).sort()) visit(id, []);
  return ordered.filter((id) => artifacts[id] !== undefined);
}
