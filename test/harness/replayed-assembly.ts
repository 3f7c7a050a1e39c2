import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Resources of one template by logical id, to be changed in place. */
export type TemplateResources = Record<string, { Type: string; Properties: Record<string, unknown> }>;

/**
 * Stands in for a synthesis: writes a cloud assembly that was synthesized before once more, for another issuer, changed. Bundling and
 * synthesis are what takes longest in the start of a cloud.
 */
export function replayedAssembly(
  source: string,
  change: (resources: TemplateResources) => void = () => {},
): (folder: string, issuerUrl: string) => Promise<void> {
  return async (folder, issuerUrl) => {
    await cp(source, folder, { recursive: true });
    for (const name of (await readdir(folder)).filter((file) => file.endsWith('.template.json'))) {
      const template = JSON.parse(await readFile(join(folder, name), 'utf8')) as { Resources: TemplateResources };
      change(template.Resources);
      for (const { Type, Properties } of Object.values(template.Resources)) {
        if (Type !== 'AWS::ApiGatewayV2::Authorizer') continue;
        (Properties['JwtConfiguration'] as { Issuer: string }).Issuer = issuerUrl;
      }
      await writeFile(join(folder, name), JSON.stringify(template));
    }
  };
}

/** Takes actions out of the statements of the policies whose logical id starts so. */
export function withoutActions(resources: TemplateResources, policyPrefix: string, actions: readonly string[]): void {
  for (const [logicalId, { Type, Properties }] of Object.entries(resources)) {
    if (Type !== 'AWS::IAM::Policy' || !logicalId.startsWith(policyPrefix)) continue;
    const document = Properties['PolicyDocument'] as { Statement: { Action: string | string[] }[] };
    for (const statement of document.Statement) {
      statement.Action = [statement.Action].flat().filter((action) => !actions.includes(action));
    }
  }
}

/** Takes out the resources of a type whose logical id starts so. */
export function withoutResources(resources: TemplateResources, type: string, prefix: string): void {
  for (const [logicalId, { Type }] of Object.entries(resources)) {
    if (Type === type && logicalId.startsWith(prefix)) delete resources[logicalId];
  }
}
