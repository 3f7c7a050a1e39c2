import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { env } from 'onnxruntime-node';
import type { Provider } from './in-process.ts';

/** What a result's last bits can depend on besides the model. */
export interface Device {
  readonly provider: Provider;
  readonly runtimeVersion: string;
  /** Processor architecture and the instruction sets that choose kernels; or the GPU's name. */
  readonly deviceClass: string;
  readonly cores: number;
}

/** Instruction sets by which ONNX Runtime's CPU kernels differ, as Linux names them, best last. */
const kernelFlags = ['avx2', 'avx512f', 'avx_vnni', 'avx512_vnni', 'amx_int8', 'asimd', 'asimddp', 'i8mm', 'sve'];

/**
 * This machine. Without a wish it is the GPU where one is visible and ONNX Runtime's CUDA library is installed, else the CPU: later
 * failures on the chosen provider are errors, never a silent change to the other.
 */
export function detectDevice(wish: Provider | 'auto'): Device {
  const gpu = gpuName();
  const provider = wish === 'auto' ? (gpu !== undefined && cudaLibraryInstalled() ? 'cuda' : 'cpu') : wish;
  return {
    provider,
    runtimeVersion: env.versions.node ?? env.versions.common,
    deviceClass: provider === 'cuda' ? (gpu ?? 'unknown GPU') : cpuClass(),
    cores: availableParallelism(),
  };
}

function cudaLibraryInstalled(): boolean {
  const packageFolder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const binaries = join(packageFolder, 'bin', 'napi-v6', process.platform, process.arch);
  return existsSync(join(binaries, 'libonnxruntime_providers_cuda.so'));
}

function gpuName(): string | undefined {
  const folder = '/proc/driver/nvidia/gpus';
  if (!existsSync(folder)) return undefined;
  const names = readdirSync(folder).map(
    (gpu) => /^Model:\s*(.+)$/m.exec(readFileSync(join(folder, gpu, 'information'), 'utf8'))?.[1],
  );
  return names.find((name) => name !== undefined);
}

/** Not the processor's name: kernels are chosen by what it can do, and a fleet of machines has processors of many names. */
function cpuClass(): string {
  const described = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const present = new Set(/^(?:flags|Features)\s*:\s*(.+)$/m.exec(described)?.[1]?.split(' '));
  return [process.arch, ...kernelFlags.filter((flag) => present.has(flag))].join(' ');
}
