import { readFile, writeFile } from 'node:fs/promises';

/** Files of bare little-endian numbers, which NumPy reads with `fromfile`. */

export function writeNumbers(path: string, numbers: Float32Array | Int32Array | Uint32Array): Promise<void> {
  return writeFile(path, new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
}

export async function readFloat32s(path: string): Promise<Float32Array> {
  return new Float32Array(Uint8Array.from(await readFile(path)).buffer);
}

export async function readInt32s(path: string): Promise<Int32Array> {
  return new Int32Array(Uint8Array.from(await readFile(path)).buffer);
}
