import type { Random } from '../../numerics/random.ts';
import type { Matrix } from '../../numerics/tensor.ts';
import { selectRows } from '../vectors/row-blocks.ts';
import type { CentredRows } from './centred-rows.ts';
import { type KMeansGraphs, squaredDistances } from './kmeans-graphs.ts';

/**
 * `k` of the rows [n, d] to start from, by greedy k-means++: each next one is the best of `2 + floor(ln k)` candidates
 * drawn in proportion to their squared distance from those chosen (D. Arthur, S. Vassilvitskii, "k-means++: the advantages of
 * careful seeding", 2007, sections 2.2 and 5). Returns [k, d].
 */
export async function seedCentroids(
  centred: CentredRows,
  k: number,
  random: Random,
  graphs: KMeansGraphs,
): Promise<Matrix> {
  const { rows } = centred;
  const candidateCount = 2 + Math.floor(Math.log(k));
  const chosen = [random.int(rows.rows)];
  const closest = await squaredDistances(centred, selectRows(rows, chosen), graphs);
  while (chosen.length < k) {
    const candidates = drawInProportion(closest, candidateCount, random);
    const distances = await squaredDistances(centred, selectRows(rows, candidates), graphs);
    const best = bestCandidate(closest, distances, candidateCount);
    chosen.push(candidates[best]!);
    for (let row = 0; row < closest.length; row += 1) {
      closest[row] = Math.min(closest[row]!, distances[row * candidateCount + best]!);
    }
  }
  return selectRows(rows, chosen);
}

/** `count` row numbers, each drawn with a chance in proportion to its weight in `weights` [n]. */
function drawInProportion(weights: Float32Array, count: number, random: Random): number[] {
  const upTo = new Float64Array(weights.length);
  let total = 0;
  for (let row = 0; row < weights.length; row += 1) {
    total += weights[row]!;
    upTo[row] = total;
  }
  return Array.from({ length: count }, () => firstAbove(upTo, random.float() * total));
}

/** The first index whose value is above `threshold`, or the last index; `rising` never falls. */
function firstAbove(rising: Float64Array, threshold: number): number {
  let low = 0;
  let high = rising.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! > threshold) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The candidate that would leave the least squared distance over all rows, given `closest` [n] and `distances` [n, m]. */
function bestCandidate(closest: Float32Array, distances: Float32Array, m: number): number {
  const left = new Float64Array(m);
  for (let row = 0; row < closest.length; row += 1) {
    const own = closest[row]!;
    for (let candidate = 0; candidate < m; candidate += 1) {
      left[candidate]! += Math.min(own, distances[row * m + candidate]!);
    }
  }
  return left.indexOf(Math.min(...left));
}
