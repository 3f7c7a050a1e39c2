import { Random } from '../../numerics/random.ts';
import type { GraphRunner } from '../../numerics/runner.ts';
import type { Matrix } from '../../numerics/tensor.ts';
import { requireFiniteRows, selectRows } from '../vectors/row-blocks.ts';
import { adjustedRandIndex } from './adjusted-rand-index.ts';
import { type CentredRows, centreRows, relativeTo } from './centred-rows.ts';
import { countDistinctRows } from './distinct-rows.ts';
import { InvalidClusteringError } from './invalid-clustering-error.ts';
import { fitKMeans } from './kmeans.ts';
import { type KMeansGraphs, nearestLabels, withKMeansGraphs } from './kmeans-graphs.ts';
import { mean, silhouetteWidths } from './silhouette.ts';

export interface ChooseKOptions {
  readonly seed: number;
  /** Smallest and largest k tried, 2 <= smallest <= largest. Default 3 and 12: fewer say little, more are not acted on. */
  readonly smallestK?: number;
  readonly largestK?: number;
  /** A segment with a smaller share of the customers than this is of no use. Default 0.02. */
  readonly smallestShare?: number;
  /** Rows clustered for each candidate, drawn at random if there are more. Default 4,096. */
  readonly sampleRows?: number;
  /** Rows of the sample whose silhouette is measured. Default 2,000. */
  readonly silhouetteRows?: number;
}

export interface KCandidate {
  readonly k: number;
  /** Mean silhouette width, -1..1. */
  readonly silhouette: number;
  /** Agreement (adjusted Rand index) over the sample of the clusterings learnt from its two halves, 1 for the same. */
  readonly stability: number;
  /** Share of the rows in the smallest cluster. */
  readonly smallestShare: number;
  /** Sum of squared distances to the centroids over the sample. */
  readonly inertia: number;
  /** Whether the smallest cluster is large enough. */
  readonly eligible: boolean;
  /** Silhouette times stability, each taken as 0 if negative: segments must be apart and be found again. */
  readonly score: number;
}

export interface KChoice {
  readonly k: number;
  /** By rising k. Empty if there are fewer distinct rows than the smallest candidate: then k is their number. */
  readonly candidates: readonly KCandidate[];
}

/** Candidates are compared, not published: fewer starts and an earlier rest than `kMeans` has by default. */
const candidateEffort = { restarts: 2, tolerance: 1e-2 } as const;

/**
 * The number of clusters for `vectors` [n, d]: the eligible candidate with the highest score, the smaller on a tie; if no
 * candidate is eligible, the one with the highest score of all. Separation is P. Rousseeuw's silhouette (1987); stability is
 * J. Breckenridge's replication ("Replicating cluster analysis", 1989) between random halves of a sample.
 * Throws `InvalidVectorsError` on a number that is not finite, `InvalidClusteringError` on options out of range.
 */
export async function chooseK(vectors: Matrix, options: ChooseKOptions, runner: GraphRunner): Promise<KChoice> {
  requireFiniteRows(vectors, 'vectors to cluster');
  const { seed, smallestK, largestK, smallestShare, sampleRows, silhouetteRows } = checkedOptions(options);
  const random = new Random(seed);
  const sample = vectors.rows > sampleRows ? selectRows(vectors, random.sample(vectors.rows, sampleRows)) : vectors;
  const distinct = countDistinctRows(sample, largestK);
  if (distinct < smallestK) return { k: distinct, candidates: [] };
  const shuffled = random.permutation(sample.rows);
  const half = sample.rows >> 1;
  const centred = centreRows(sample);
  const halves = [shuffled.subarray(0, half), shuffled.subarray(half)].map((rows) =>
    centreRows(selectRows(sample, rows)),
  );
  const measured = random.sample(sample.rows, Math.min(sample.rows, silhouetteRows));

  const fits = await withKMeansGraphs(runner, async (graphs) => {
    const fitted = [];
    for (let k = smallestK; k <= distinct; k += 1) {
      const fit = await fitKMeans(centred, { k, seed, ...candidateEffort }, graphs);
      fitted.push({ k, fit, stability: await agreementOfHalves(centred, halves, k, seed, graphs) });
    }
    return fitted;
  });
  const labellings = fits.map(({ fit }) => Int32Array.from(measured, (row) => fit.labels[row]!));
  const widths = await silhouetteWidths(selectRows(sample, measured), labellings, runner);
  const candidates = fits.map(({ k, fit, stability }, index): KCandidate => {
    const silhouette = mean(widths[index]!);
    const share = fit.sizes.at(-1)! / sample.rows;
    return {
      k,
      silhouette,
      stability,
      smallestShare: share,
      inertia: fit.inertia,
      eligible: share >= smallestShare,
      score: Math.max(silhouette, 0) * Math.max(stability, 0),
    };
  });
  const eligible = candidates.filter((candidate) => candidate.eligible);
  const best = (eligible.length > 0 ? eligible : candidates).reduce((leader, candidate) =>
    candidate.score > leader.score ? candidate : leader,
  );
  return { k: best.k, candidates };
}

async function agreementOfHalves(
  { rows, origin }: CentredRows,
  halves: readonly CentredRows[],
  k: number,
  seed: number,
  graphs: KMeansGraphs,
): Promise<number> {
  const labellings: Int32Array[] = [];
  for (const half of halves) {
    const { centroids } = await fitKMeans(half, { k, seed, ...candidateEffort }, graphs);
    labellings.push(await nearestLabels(rows, relativeTo(centroids, origin), graphs));
  }
  return adjustedRandIndex(labellings[0]!, labellings[1]!);
}

/** The options with their defaults. */
function checkedOptions(options: ChooseKOptions): Required<ChooseKOptions> {
  const defaults = { smallestK: 3, largestK: 12, smallestShare: 0.02, sampleRows: 4096, silhouetteRows: 2000 };
  const checked = { ...defaults, ...options };
  const { smallestK, largestK, smallestShare, sampleRows, silhouetteRows } = checked;
  for (const [name, value] of Object.entries({ smallestK, largestK, sampleRows, silhouetteRows })) {
    if (!Number.isSafeInteger(value) || value < 2) {
      throw new InvalidClusteringError(`${name} is ${value}; a whole number of at least 2 is needed`);
    }
  }
  if (smallestK > largestK) {
    throw new InvalidClusteringError(`smallestK is ${smallestK}, more than largestK, ${largestK}`);
  }
  if (!(smallestShare >= 0 && smallestShare <= 1)) {
    throw new InvalidClusteringError(`smallestShare is ${smallestShare}; a number from 0 to 1 is needed`);
  }
  return checked;
}
