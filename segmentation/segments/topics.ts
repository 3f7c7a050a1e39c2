import type { DistinctiveFacet } from './distinctive-words.ts';
import { termLabel } from './terms.ts';

/** A category or a word that says what a segment is about. */
export interface Topic {
  readonly label: string;
  readonly isCategory: boolean;
  readonly share: number;
  readonly lift: number;
}

const maxTopics = 4;
/**
 * What makes a topic: its addition to the Kullback-Leibler divergence of the segment's attention from the base's, share * ln(lift) in nats, and its lift.
 */
const minDivergence = 0.02;
const minLift = 1.3;

/** The topics of a segment, strongest first. */
export function topicsOf(categories: readonly DistinctiveFacet[], words: readonly DistinctiveFacet[]): Topic[] {
  const seen = new Set<string>();
  return [...categories.map(topic(true)), ...words.map(topic(false))]
    .filter((candidate) => candidate.lift >= minLift && divergence(candidate) >= minDivergence)
    .sort((a, b) => divergence(b) - divergence(a) || (a.label < b.label ? -1 : 1))
    .filter(({ label }) => {
      const key = label.toLowerCase();
      return !seen.has(key) && seen.add(key);
    })
    .slice(0, maxTopics);
}

function topic(isCategory: boolean): (facet: DistinctiveFacet) => Topic {
  return ({ facet, share, lift }) => ({ label: isCategory ? facet : termLabel(facet), isCategory, share, lift });
}

function divergence({ share, lift }: Topic): number {
  return share * Math.log(lift);
}
