import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, buildSync, type Metafile } from 'esbuild';
import { environments, type FunctionName } from '../contracts/environments.ts';
import type { Settings } from '../contracts/settings.ts';
import { encoderFiles } from './encoder-files.ts';
import { copyPackagedFiles, onnxRuntimeFiles, type PackagedFile, readPackagedFile } from './onnx-runtime-package.ts';

/** A function's code as Lambda gets it. */
export interface FunctionBundle {
  /** Folder with `index.mjs` and, where it is needed, `node_modules/`. */
  readonly folder: string;
  /** SHA-256 of all files' names and bytes, hex. */
  readonly contentHash: string;
}

export type FunctionBundles = Readonly<Record<FunctionName, FunctionBundle>>;

/** The functions' code cannot be made ready for Lambda. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly code: 'MISSING_ENTRY' | 'BUILD_FAILED' | 'BUNDLE_TOO_LARGE';
  readonly retryable = false;

  constructor(code: BundleError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const functionNames = Object.keys(environments) as FunctionName[];

/** Folders under `functions/` that hold entry files, one per function. */
const entryFolders = ['triggers', 'states', 'routes'];

/** Largest size of a function's unzipped code, in bytes (Lambda quotas, "Deployment package (.zip file archive) size"). */
const codeLimitBytes = 250 * 1024 * 1024;

const nativeModule = 'onnxruntime-node';

/**
 * Bundles all functions in one esbuild run, each into a folder of its own under `<projectRoot>/.build/functions/`. Equal sources give
 * equal bytes.
 *
 * @throws BundleError MISSING_ENTRY when a function of contracts/environments.ts has no file, BUILD_FAILED
 * when a source cannot be compiled or an import not found, BUNDLE_TOO_LARGE beyond Lambda's limit.
 */
export function bundleFunctions(projectRoot: string, platform: Settings['lambdaPlatform']): FunctionBundles {
  const outdir = join(projectRoot, '.build', 'functions');
  const metafile = buildAll(projectRoot, outdir);
  const runtimeFiles = onnxRuntimeFiles(projectRoot, platform);
  const digests = new Map<string, string>();

  const bundles = functionNames.map((name): [FunctionName, FunctionBundle] => {
    const folder = join(outdir, name);
    const code = readFileSync(join(folder, 'index.mjs'));
    const files = [
      ...(needsOnnxRuntime(metafile, name) ? runtimeFiles : []),
      ...(needsEncoders(metafile, name) ? encoderFiles(projectRoot) : []),
    ];
    removeStrangers(folder, files);
    copyPackagedFiles(files, folder);
    refuseOversize(name, code, files);

    const hash = createHash('sha256').update(`index.mjs\0${sha256(code)}\n`);
    for (const file of files) {
      const digest = digests.get(file.source) ?? sha256(readPackagedFile(file));
      digests.set(file.source, digest);
      hash.update(`${file.target}\0${digest}\n`);
    }
    return [name, { folder, contentHash: hash.digest('hex') }];
  });
  return Object.fromEntries(bundles) as Record<FunctionName, FunctionBundle>;
}

/** How code is bundled for Lambda's Node 24. */
export const bundleOptions = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
  charset: 'utf8',
  external: [nativeModule],
  logLevel: 'silent',
  // Some dependencies are CommonJS and call require() for Node's own modules, which an ES module does not have.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
} as const satisfies BuildOptions;

/** One esbuild run over all functions; tells what each output imports. */
function buildAll(projectRoot: string, outdir: string): Metafile {
  const entryPoints = functionNames.map((name) => ({ in: entryFile(projectRoot, name), out: join(name, 'index') }));
  const files = { absWorkingDir: projectRoot, entryPoints, outdir, outExtension: { '.js': '.mjs' } };
  try {
    return buildSync({ ...bundleOptions, ...files, metafile: true }).metafile;
  } catch (cause) {
    throw new BundleError('BUILD_FAILED', `The functions cannot be bundled. ${(cause as Error).message}`, { cause });
  }
}

function entryFile(projectRoot: string, name: FunctionName): string {
  const candidates = entryFolders.map((folder) => `functions/${folder}/${name}.ts`);
  const found = candidates.find((path) => existsSync(join(projectRoot, path)));
  if (found) return found;
  throw new BundleError(
    'MISSING_ENTRY',
    `The function '${name}' has no entry file: expected one of ${candidates.join(', ')}. ` +
      'Write it, or take the name out of contracts/environments.ts.',
  );
}

function needsOnnxRuntime(metafile: Metafile, name: FunctionName): boolean {
  const output = metafile.outputs[`.build/functions/${name}/index.mjs`];
  return output?.imports.some((imported) => imported.path === nativeModule) ?? false;
}

/** The module by which a function finds the encoders beside its code. */
const encodersModule = 'functions/wiring/shipped-encoders.ts';

function needsEncoders(metafile: Metafile, name: FunctionName): boolean {
  const output = metafile.outputs[`.build/functions/${name}/index.mjs`];
  return encodersModule in (output?.inputs ?? {});
}

/** Leaves nothing in the folder that an earlier bundle put there and this one does not have: it would be deployed. */
function removeStrangers(folder: string, files: readonly PackagedFile[]): void {
  const own = new Set(['index.mjs', ...files.map((file) => file.target)].map((path) => join(folder, path)));
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory() && !own.has(path)) rmSync(path);
  }
}

function refuseOversize(name: FunctionName, code: Uint8Array, files: readonly PackagedFile[]): void {
  const bytes = code.byteLength + files.reduce((sum, file) => sum + statSync(file.source).size, 0);
  if (bytes <= codeLimitBytes) return;
  throw new BundleError(
    'BUNDLE_TOO_LARGE',
    `The code of '${name}' is ${bytes} bytes unzipped; Lambda allows ${codeLimitBytes}. Import less, or choose another lambdaPlatform.`,
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
