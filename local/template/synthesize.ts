import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { sourceFingerprint } from './source-fingerprint.ts';

export const PROJECT_ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SYNTHESIS_PROCESS = fileURLToPath(new URL('./synthesis-process.ts', import.meta.url));
/** Stands in the assembly's folder once it is whole. */
const FINGERPRINT_FILE = 'source-fingerprint';
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** The CDK app did not synthesize; the message holds what it said. */
export class SynthesisError extends Error {
  override readonly name = 'SynthesisError';
  readonly code = 'SYNTHESIS_FAILED';
  readonly retryable = false;
}

/**
 * Synthesizes the CDK app into `folder`, in a process of its own: CDK and the bundler take half a gigabyte that the cloud would keep. An
 * assembly that stands there already is left as it is when it was made of the same settings and sources.
 * @param settings deployment settings by name; checked there
 */
export async function synthesize(
  settings: Readonly<Record<string, unknown>>,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const fingerprint = await sourceFingerprint(PROJECT_ROOT, settings);
  const fingerprintFile = join(folder, FINGERPRINT_FILE);
  if ((await textOf(fingerprintFile)) === fingerprint) return;
  await rm(folder, { recursive: true, force: true });
  await runSynthesis(settings, folder, environment);
  await writeFile(fingerprintFile, fingerprint);
}

function runSynthesis(
  settings: Readonly<Record<string, unknown>>,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  execFile(
    process.execPath,
    [SYNTHESIS_PROCESS, JSON.stringify(settings), folder],
    { env: environment, maxBuffer: MAX_OUTPUT_BYTES },
    (cause, _, errorOutput) => {
      if (cause === null) resolve();
      else reject(new SynthesisError(`The CDK app did not synthesize:\n${errorOutput.trim()}`, { cause }));
    },
  );
  return promise;
}

/** Undefined when there is no such file. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
