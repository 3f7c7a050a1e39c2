import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const SYNTHESIS_PROCESS = fileURLToPath(new URL('./synthesis-process.ts', import.meta.url));
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** The CDK app did not synthesize; the message holds what it said. */
export class SynthesisError extends Error {
  override readonly name = 'SynthesisError';
  readonly code = 'SYNTHESIS_FAILED';
  readonly retryable = false;
}

/**
 * Synthesizes the CDK app into `folder`, in a process of its own: CDK and the bundler take half a gigabyte that the cloud would keep.
 * @param settings deployment settings by name; checked there
 */
export async function synthesize(
  settings: Readonly<Record<string, unknown>>,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
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
