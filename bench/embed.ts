import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { embedReportSchema } from '../contracts/model-jobs.ts';
import { readSafetensors } from '../numerics/safetensors.ts';
import type { BenchRequest } from './bench-request.ts';
import { alternate, type Comparison, median, note, requireAgreement, rounded, spread } from './comparison.ts';
import { encoderFolder, encoderName } from './encoder-folder.ts';
import { readFloat32s } from './number-files.ts';
import { peerVersions, runPeer } from './python-peer.ts';
import { readShopFile, shopFiles } from './shop-files.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

/** The vectors [n, dims] of texts [n], and how long they took. */
interface Embedding {
  readonly seconds: number;
  readonly vectors: Float32Array;
}

/**
 * The model quantises activations by the run: a text's vector depends on what stands beside it in the peer's batch, and does not here.
 * Another rounding of the same model stays nearer than this; another pooling or another text does not.
 */
const leastCosine = 0.97;

/**
 * The product titles as vectors: one job to the model server, over HTTP and with the answer read, against ONNX Runtime in Python with sorted
 * batches of 512 tokens. Both have their sessions loaded and warm. Each text's two vectors must have a cosine of 0.97 or more.
 */
export async function benchEmbed({ files, rounds }: BenchRequest): Promise<readonly Comparison[]> {
  const texts = await productTexts(files);
  const peer = await peerVersions(['onnxruntime', 'tokenizers', 'numpy']);
  const server = await startServer();
  try {
    return await withTemporaryFolder(async (folder) => {
      const { ours, theirs } = await alternate(
        rounds,
        () => embedHere(server.url, texts),
        () => embedThere(folder, texts),
      );
      const cosines = rowCosines(ours[0]!.vectors, theirs[0]!.vectors, texts.length);
      const least = Math.min(...cosines);
      note(
        `Kindred ${spread(ours.map(({ seconds }) => seconds))} s, the peer ${spread(theirs.map(({ seconds }) => seconds))} s`,
      );
      note(`cosine of a text's two vectors: median ${rounded(median(cosines))}, least ${rounded(least)}`);
      requireAgreement(
        least >= leastCosine,
        `a text's two vectors have a cosine of ${least}; ${leastCosine} is the least allowed.`,
      );
      return [
        {
          bench: 'embed',
          work: `${texts.length} product titles`,
          peer,
          ours: texts.length / median(ours.map(({ seconds }) => seconds)),
          theirs: texts.length / median(theirs.map(({ seconds }) => seconds)),
          unit: 'rows/s',
        },
      ];
    });
  } finally {
    await server.stop();
  }
}

/** The distinct titles of a file of order lines, or the products' names with their subcategories. */
async function productTexts(given: readonly string[]): Promise<readonly string[]> {
  const { job, paths } = await shopFiles(given);
  const texts = new Set<string>();
  for (const path of paths) {
    const rows: Record<string, string>[] = parse(await readShopFile(path), { columns: true });
    for (const { Description, product_name, product_subcategory } of rows) {
      const text = job === 'titles' ? Description?.trim() : product_name && `${product_name} ${product_subcategory}`;
      if (text) texts.add(text);
    }
  }
  return [...texts];
}

interface ModelServer {
  readonly url: string;
  stop(): Promise<void>;
}

async function startServer(): Promise<ModelServer> {
  const child: ChildProcess = fork(new URL('../model-container/server.ts', import.meta.url), {
    env: { ...process.env, SAGEMAKER_BIND_TO_PORT: '0', BIND_ADDRESS: '127.0.0.1' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ listening }] = (await once(child, 'message')) as [{ listening: number }];
  return {
    url: `http://127.0.0.1:${listening}`,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function embedHere(url: string, texts: readonly string[]): Promise<Embedding> {
  const startedAtMs = performance.now();
  const response = await fetch(`${url}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'embed', model: encoderName, texts }),
  });
  const body = new Uint8Array(await response.arrayBuffer());
  requireAgreement(response.ok, `the model server answered ${response.status}.`);
  const { metadata, tensors } = readSafetensors(body);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const { tokens } = embedReportSchema.parse(JSON.parse(metadata['job']!));
  note(`Kindred: ${tokens} tokens in ${rounded(seconds)} s`);
  return { seconds, vectors: tensors['vectors']!.data as Float32Array };
}

async function embedThere(folder: string, texts: readonly string[]): Promise<Embedding> {
  const [textsFile, vectorsFile] = [join(folder, 'texts.json'), join(folder, 'vectors.f32')];
  await writeFile(textsFile, JSON.stringify(texts));
  const { answer } = await runPeer(
    'embed.py',
    [encoderFolder, textsFile, vectorsFile],
    z.object({ seconds: z.number() }),
  );
  return { ...answer, vectors: await readFloat32s(vectorsFile) };
}

/** The cosines [n] of the rows of two matrices [n, dims] of unit rows. */
function rowCosines(left: Float32Array, right: Float32Array, n: number): number[] {
  requireAgreement(left.length === right.length, `the vectors have ${left.length} and ${right.length} numbers.`);
  const dims = left.length / n;
  return Array.from({ length: n }, (_, row) => {
    let cosine = 0;
    for (let at = row * dims; at < (row + 1) * dims; at += 1) cosine += left[at]! * right[at]!;
    return cosine;
  });
}
