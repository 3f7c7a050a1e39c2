import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** The first customers of the sample who bought, five who did not, all products, and the sales of those customers. */
export async function writeSample(folder: string, count: number): Promise<string[]> {
  const [customers, products, sales] = await Promise.all(
    ['customers', 'products', 'sales'].map(async (name) => {
      const path = join(import.meta.dirname, '..', '..', 'examples', 'foodmart', `${name}.csv.gz`);
      return gunzipSync(await readFile(path))
        .toString('utf8')
        .trimEnd()
        .split('\n');
    }),
  );
  const buying = new Set(sales!.slice(1).map((line) => line.split(',')[1]!));
  const ids = customers!.slice(1).map((line) => line.split(',')[0]!);
  const chosen = new Set([
    ...ids.filter((id) => buying.has(id)).slice(0, count),
    ...ids.filter((id) => !buying.has(id)).slice(0, 5),
  ]);
  const kept = {
    'customers.csv': customers!.filter((line, row) => row === 0 || chosen.has(line.split(',')[0]!)),
    'products.csv': products!,
    'sales.csv': sales!.filter((line, row) => row === 0 || chosen.has(line.split(',')[1]!)),
  };
  return Promise.all(
    Object.entries(kept).map(async ([name, lines]) => {
      const path = join(folder, name);
      await writeFile(path, `${lines.join('\n')}\n`);
      return path;
    }),
  );
}
