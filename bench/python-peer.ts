import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';

/** The Python side of a bench: scripts under `bench/peers/`, each of which prints one JSON object. */

const run = promisify(execFile);
const peerFolder = fileURLToPath(new URL('./peers', import.meta.url));
export const interpreter = process.env['KINDRED_PYTHON'] ?? 'python3';
const maxOutputBytes = 64 * 2 ** 20;
const timeoutMs = 15 * 60_000;

/** There is no Python with the packages that the peers need. */
export class PeerUnavailableError extends Error {
  override readonly name = 'PeerUnavailableError';
  readonly code = 'PEER_UNAVAILABLE';
  readonly retryable = false;
}

/** A peer script ended with an error. */
export class PeerFailedError extends Error {
  override readonly name = 'PeerFailedError';
  readonly code = 'PEER_FAILED';
  readonly retryable = false;
}

export type PeerPackage =
  | 'boto3'
  | 'cfn-lint'
  | 'moto'
  | 'numpy'
  | 'onnxruntime'
  | 'pandas'
  | 'scikit-learn'
  | 'scipy'
  | 'tokenizers';

/**
 * The versions of Python and of these packages, as `CPython 3.13.5, pandas 2.3.1`.
 * @throws PeerUnavailableError naming what to install.
 */
export async function peerVersions(packages: readonly PeerPackage[]): Promise<string> {
  const { stdout } = await runPython(['versions.py', ...packages]);
  const { python, versions, missing } = versionsAnswer.parse(JSON.parse(stdout));
  if (missing.length > 0) {
    throw new PeerUnavailableError(
      `${interpreter} has no ${missing.join(', ')}; run "${interpreter} -m pip install ${missing.join(' ')}", ` +
        'or name another interpreter in KINDRED_PYTHON.',
    );
  }
  return [`CPython ${python}`, ...Object.entries(versions).map((entry) => entry.join(' '))].join(', ');
}

const versionsAnswer = z.object({
  python: z.string(),
  versions: z.record(z.string(), z.string()),
  missing: z.array(z.string()),
});

export interface PeerRun<T> {
  readonly answer: T;
  /** From the start of the process to its end. */
  readonly wallSeconds: number;
}

/**
 * Runs `bench/peers/<script>` and reads the JSON object that it prints.
 * @throws PeerUnavailableError without an interpreter, PeerFailedError with the end of what the script said.
 */
export async function runPeer<T>(
  script: string,
  args: readonly string[],
  answerSchema: z.ZodType<T>,
): Promise<PeerRun<T>> {
  const startedAtMs = performance.now();
  const { stdout } = await runPython([script, ...args]);
  const wallSeconds = (performance.now() - startedAtMs) / 1000;
  return { answer: answerSchema.parse(JSON.parse(stdout)), wallSeconds };
}

async function runPython(args: readonly string[]): Promise<{ stdout: string }> {
  const [script, ...rest] = args;
  try {
    return await run(interpreter, [`${peerFolder}/${script}`, ...rest], {
      maxBuffer: maxOutputBytes,
      timeout: timeoutMs,
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
  } catch (cause) {
    const { code, stderr } = cause as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') {
      throw new PeerUnavailableError(
        `there is no Python interpreter "${interpreter}"; install Python 3.10 or later, or name one in KINDRED_PYTHON.`,
        { cause },
      );
    }
    throw new PeerFailedError(`bench/peers/${script} ended with ${String(code)}: ${(stderr ?? '').slice(-2000)}`, {
      cause,
    });
  }
}
