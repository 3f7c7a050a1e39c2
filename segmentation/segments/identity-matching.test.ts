import { expect, test } from 'vitest';
import { addToOverlap, initOverlap, matchSegments, mergeOverlap, type SegmentOverlap } from './identity-matching.ts';

/** counts: by old segment, the customers it shares with each cluster. */
function overlapOf(k: number, counts: Readonly<Record<string, readonly number[]>>): SegmentOverlap {
  const halves = [initOverlap(k), initOverlap(k)] as const;
  for (const [segmentId, shared] of Object.entries(counts)) {
    shared.forEach((customers, cluster) => {
      for (let customer = 0; customer < customers; customer++)
        addToOverlap(halves[customer % 2 === 0 ? 0 : 1], segmentId, cluster);
    });
  }
  mergeOverlap(halves[0], halves[1]);
  return halves[0];
}

test('segments keep their ids whatever their clusters are numbered', () => {
  const overlap = overlapOf(3, { 'seg-1': [0, 90, 5], 'seg-2': [4, 6, 80], 'seg-3': [50, 0, 0] });
  const { segments, changes, lastNumber } = matchSegments(overlap, ['seg-1', 'seg-2', 'seg-3'], 3);
  expect(segments.map(({ segmentId }) => segmentId)).toEqual(['seg-3', 'seg-1', 'seg-2']);
  expect(lastNumber).toBe(3);
  expect(changes).toEqual([
    { change: 'kept', segmentId: 'seg-3', customers: 50, jaccard: 50 / 54 },
    { change: 'kept', segmentId: 'seg-1', customers: 90, jaccard: 90 / 101 },
    { change: 'kept', segmentId: 'seg-2', customers: 80, jaccard: 80 / 95 },
  ]);
});

test('the whole decides, not the first best pair', () => {
  // Cluster 0 is most like seg-1, but then cluster 1 would have none: 60/160 + 40/100 is less than 50/150 + 60/120.
  const overlap = overlapOf(2, { 'seg-1': [60, 60], 'seg-2': [50, 0] });
  const { segments } = matchSegments(overlap, ['seg-1', 'seg-2'], 2, 0.1);
  expect(segments.map(({ segmentId }) => segmentId)).toEqual(['seg-2', 'seg-1']);
});

test('a split is told, the new part gets a number never used', () => {
  const overlap = overlapOf(3, { 'seg-2': [70, 30, 0], 'seg-10': [0, 0, 40] });
  const { segments, changes, lastNumber } = matchSegments(overlap, ['seg-10', 'seg-2'], 12);
  expect(segments).toEqual([
    { segmentId: 'seg-2', matchedFrom: { segmentId: 'seg-2', jaccard: 0.7 } },
    { segmentId: 'seg-13' },
    { segmentId: 'seg-10', matchedFrom: { segmentId: 'seg-10', jaccard: 1 } },
  ]);
  expect(lastNumber).toBe(13);
  expect(changes.slice(3)).toEqual([{ change: 'split', segmentId: 'seg-2', into: { 'seg-2': 70, 'seg-13': 30 } }]);
});

test('a merger is told, and which segment is gone', () => {
  const overlap = overlapOf(1, { 'seg-1': [60], 'seg-2': [40] });
  const { segments, changes } = matchSegments(overlap, ['seg-1', 'seg-2'], 2);
  expect(segments[0]?.segmentId).toBe('seg-1');
  expect(changes.slice(1)).toEqual([
    { change: 'gone', segmentId: 'seg-2', customers: 40 },
    { change: 'merged', segmentId: 'seg-1', from: { 'seg-1': 60, 'seg-2': 40 } },
  ]);
});

test('too little overlap is another segment; a first run has only new ones', () => {
  const scattered = matchSegments(
    overlapOf(2, { 'seg-1': [20, 20], 'seg-2': [22, 22], 'seg-3': [23, 23] }),
    ['seg-1', 'seg-2', 'seg-3'],
    3,
    0.5,
  );
  expect(scattered.segments.map(({ segmentId }) => segmentId)).toEqual(['seg-4', 'seg-5']);
  expect(matchSegments(initOverlap(2), [], 0).segments).toEqual([{ segmentId: 'seg-1' }, { segmentId: 'seg-2' }]);
});
