import { leastCostAssignment } from './assignment.ts';

/**
 * How many customers each of the last run's segments shares with each of the new run's clusters: mergeable. Only customers of both runs count, so that
 * a shop that doubled does not lose its segments.
 */
export interface SegmentOverlap {
  readonly k: number;
  /** Segment id -> shared customers by cluster, [k]. */
  readonly shared: Map<string, Float64Array>;
}

export interface SegmentMatch {
  readonly segmentId: string;
  /** Absent for a segment that is new. */
  readonly matchedFrom?: { readonly segmentId: string; readonly jaccard: number };
}

export type SegmentChange =
  | { readonly change: 'kept'; readonly segmentId: string; readonly customers: number; readonly jaccard: number }
  | { readonly change: 'new'; readonly segmentId: string }
  | { readonly change: 'gone'; readonly segmentId: string; readonly customers: number }
  /** The old segment's customers went, in large parts, to several. */
  | { readonly change: 'split'; readonly segmentId: string; readonly into: Readonly<Record<string, number>> }
  /** The segment's customers came, in large parts, from several old ones. */
  | { readonly change: 'merged'; readonly segmentId: string; readonly from: Readonly<Record<string, number>> };

export interface IdentityMatching {
  /** [k] by cluster. */
  readonly segments: readonly SegmentMatch[];
  readonly changes: readonly SegmentChange[];
  /** The highest number given so far, to be handed to the next run. */
  readonly lastNumber: number;
}

export const defaultMinJaccard = 0.3;
/** From this part of a segment on its customers make a split or a merger visible. */
const largePart = 0.25;

export function initOverlap(k: number): SegmentOverlap {
  return { k, shared: new Map() };
}

/** Counts a customer of both runs: `segmentId` of the last, `cluster` (0 to k - 1) of the new. */
export function addToOverlap(overlap: SegmentOverlap, segmentId: string, cluster: number): void {
  sharedBy(overlap, segmentId)[cluster]! += 1;
}

/** Adds `other` to `overlap`. */
export function mergeOverlap(overlap: SegmentOverlap, other: SegmentOverlap): void {
  for (const [segmentId, theirs] of other.shared) {
    const own = sharedBy(overlap, segmentId);
    for (let cluster = 0; cluster < own.length; cluster++) own[cluster]! += theirs[cluster]!;
  }
}

/**
 * Gives each cluster the id of the old segment it continues: the assignment with the largest total Jaccard index of members, pairs below `minJaccard` left apart. A
 * cluster that continues none gets the next number, counted on from `lastNumber`, so that an id is never used twice.
 */
export function matchSegments(
  overlap: SegmentOverlap,
  previousIds: readonly string[],
  lastNumber: number,
  minJaccard: number = defaultMinJaccard,
): IdentityMatching {
  const { k } = overlap;
  const previous = [...previousIds].sort(byNumber);
  const shared = previous.map((segmentId) => overlap.shared.get(segmentId) ?? new Float64Array(k));
  const oldSizes = shared.map((counts) => counts.reduce((sum, count) => sum + count, 0));
  const newSizes = Array.from({ length: k }, (_, cluster) => shared.reduce((sum, counts) => sum + counts[cluster]!, 0));
  const jaccard = (old: number, cluster: number): number => {
    const both = shared[old]![cluster]!;
    return both === 0 ? 0 : both / (oldSizes[old]! + newSizes[cluster]! - both);
  };
  // A column per old segment, and one per cluster that stands for "none".
  const columns = previous.length + k;
  const cost = new Float64Array(k * columns);
  for (let cluster = 0; cluster < k; cluster++) {
    for (let old = 0; old < previous.length; old++) {
      const overlapOf = jaccard(old, cluster);
      cost[cluster * columns + old] = overlapOf >= minJaccard ? -overlapOf : 0;
    }
  }
  const columnOf = leastCostAssignment(cost, k, columns);
  let number = lastNumber;
  const segments = Array.from({ length: k }, (_, cluster): SegmentMatch => {
    const old = columnOf[cluster]!;
    const segmentId = previous[old];
    if (segmentId === undefined || cost[cluster * columns + old] === 0) return { segmentId: `seg-${++number}` };
    return { segmentId, matchedFrom: { segmentId, jaccard: jaccard(old, cluster) } };
  });
  const changes = [
    ...segments.map((segment, cluster) => keptOrNew(segment, cluster, previous, shared)),
    ...gone(segments, previous, oldSizes),
    ...splits(segments, previous, shared, oldSizes),
    ...mergers(segments, previous, shared, newSizes),
  ];
  return { segments, changes, lastNumber: number };
}

function sharedBy(overlap: SegmentOverlap, segmentId: string): Float64Array {
  let counts = overlap.shared.get(segmentId);
  if (counts === undefined) {
    counts = new Float64Array(overlap.k);
    overlap.shared.set(segmentId, counts);
  }
  return counts;
}

function keptOrNew(
  { segmentId, matchedFrom }: SegmentMatch,
  cluster: number,
  previous: readonly string[],
  shared: readonly Float64Array[],
): SegmentChange {
  if (matchedFrom === undefined) return { change: 'new', segmentId };
  const customers = shared[previous.indexOf(segmentId)]![cluster]!;
  return { change: 'kept', segmentId, customers, jaccard: matchedFrom.jaccard };
}

function gone(
  segments: readonly SegmentMatch[],
  previous: readonly string[],
  sizes: readonly number[],
): SegmentChange[] {
  const kept = new Set(segments.map(({ segmentId }) => segmentId));
  return previous.flatMap((segmentId, old) =>
    kept.has(segmentId) ? [] : [{ change: 'gone', segmentId, customers: sizes[old]! } as const],
  );
}

function splits(
  segments: readonly SegmentMatch[],
  previous: readonly string[],
  shared: readonly Float64Array[],
  sizes: readonly number[],
): SegmentChange[] {
  return previous.flatMap((segmentId, old) => {
    const parts = segments
      .map((segment, cluster) => [segment.segmentId, shared[old]![cluster]!] as const)
      .filter(([, customers]) => customers > 0 && customers >= largePart * sizes[old]!);
    return parts.length < 2 ? [] : [{ change: 'split', segmentId, into: Object.fromEntries(parts) } as const];
  });
}

function mergers(
  segments: readonly SegmentMatch[],
  previous: readonly string[],
  shared: readonly Float64Array[],
  sizes: readonly number[],
): SegmentChange[] {
  return segments.flatMap(({ segmentId }, cluster) => {
    const parts = previous
      .map((old, index) => [old, shared[index]![cluster]!] as const)
      .filter(([, customers]) => customers > 0 && customers >= largePart * sizes[cluster]!);
    return parts.length < 2 ? [] : [{ change: 'merged', segmentId, from: Object.fromEntries(parts) } as const];
  });
}

/** `seg-9` before `seg-10`. */
function byNumber(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
