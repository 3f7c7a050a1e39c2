import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { synthesizeStubs } from '../infra/stub-assembly.ts';
import type { BenchRequest } from './bench-request.ts';
import { note } from './comparison.ts';
import { peerVersions, runPeer } from './python-peer.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

const findingSchema = z.object({
  level: z.enum(['Error', 'Warning']),
  rule: z.string(),
  path: z.string(),
  message: z.string(),
});
const answerSchema = z.record(z.string(), z.array(findingSchema));

/**
 * What cfn-lint, CloudFormation's linter from PyPI, objects to in the templates of these settings: each finding on stderr, one JSON line per
 * template on stdout, and an exit code of 1 when there is any. It compares nothing.
 */
export async function benchCfnLint({ settings }: BenchRequest): Promise<readonly []> {
  note(await peerVersions(['cfn-lint']));
  const { templates } = synthesizeStubs(settings);
  const { answer } = await withTemporaryFolder(async (folder) => {
    const paths = Object.keys(templates).map((stack) => join(folder, stack));
    await Promise.all(paths.map((path, at) => writeFile(path, JSON.stringify(Object.values(templates)[at]))));
    return await runPeer('cfn_lint.py', paths, answerSchema);
  });
  for (const [template, findings] of Object.entries(answer)) {
    for (const { level, rule, path, message } of findings) note(`${template} ${level} ${rule} ${path}: ${message}`);
    const resources = Object.keys(templates[template]?.Resources ?? {}).length;
    process.stdout.write(`${JSON.stringify({ bench: 'cfn-lint', template, resources, findings: findings.length })}\n`);
    if (findings.length > 0) process.exitCode = 1;
  }
  return [];
}
