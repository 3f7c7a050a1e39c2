import { fixedPoint } from '../features/day-buckets.ts';
import { type LifecycleStage, lifecycleStages } from '../features/lifecycle.ts';
import type { ItemRecord } from '../records/tables.ts';
import { type DistinctiveItem, distinctiveItems } from './distinctive-items.ts';
import { type DistinctiveFacet, distinctiveCategories, distinctiveWords } from './distinctive-words.ts';
import type { SegmentMatch } from './identity-matching.ts';
import { nameSegments } from './naming.ts';
import { baseTotals, isAnythingKnown, type SegmentStatistics } from './segment-statistics.ts';
import { peakOf, summaryOf } from './summary.ts';
import { type Language, termLabel } from './terms.ts';
import { topicsOf } from './topics.ts';
import type { Trait } from './trait.ts';
import { traitsOf } from './traits.ts';

export interface CardWord {
  readonly word: string;
  /** Part of the segment's choices that carry the word, every customer weighing the same. */
  readonly share: number;
  /** `share` over that of all customers. */
  readonly lift: number;
}

export interface MonthTotal {
  /** `2011-11` */
  readonly month: string;
  readonly revenue: number;
  readonly lines: number;
}

/** What people read of a segment. */
export interface SegmentCard {
  readonly segmentId: string;
  readonly name: string;
  readonly customers: number;
  /** Of all customers, those of no segment included. */
  readonly share: number;
  /** Money of purchases less refunds, in the shop's currency. */
  readonly revenue: number;
  /** Of the revenue of all; 0 where nothing was earned. */
  readonly revenueShare: number;
  readonly summary: string;
  readonly traits: readonly Trait[];
  readonly categories: readonly CardWord[];
  readonly words: readonly CardWord[];
  readonly items: readonly DistinctiveItem[];
  /** Pseudonyms of the customers nearest to the segment's centre. */
  readonly typicalCustomers: readonly string[];
  /** Customers by stage. */
  readonly lifecycle: Readonly<Record<LifecycleStage, number>>;
  /** Every month from the first to the last of all customers, rising. */
  readonly months: readonly MonthTotal[];
  readonly matchedFrom?: { readonly segmentId: string; readonly jaccard: number };
}

export interface CardInput {
  readonly statistics: SegmentStatistics;
  /** [k] */
  readonly matches: readonly SegmentMatch[];
  /** Names of the last run's segments, by id. */
  readonly previousNames: ReadonlyMap<string, string>;
  /** [k][few] */
  readonly typicalCustomers: readonly (readonly string[])[];
  readonly items: ReadonlyMap<string, ItemRecord>;
  readonly language: Language;
}

const maxBehaviourTraits = 8;
const maxProfileTraits = 4;
const maxWords = 10;
const maxItems = 8;
const maxCategories = 5;
/** The cards of all k segments, in the order of their clusters. */
export function segmentCards(input: CardInput): SegmentCard[] {
  const { statistics, matches, previousNames, typicalCustomers, items, language } = input;
  const base = baseTotals(statistics);
  const categories = distinctiveCategories(statistics, maxCategories);
  const words = distinctiveWords(statistics, maxWords);
  const chosen = distinctiveItems(statistics, items, maxItems);
  const traits = statistics.slots.slice(0, statistics.k).map((slot) => traitsOf(slot, base, language));
  const topics = words.map((found, segment) => topicsOf(categories[segment]!, found));
  const names = nameSegments(
    matches.map(({ segmentId, matchedFrom }, segment) => {
      const keptName = matchedFrom === undefined ? undefined : previousNames.get(matchedFrom.segmentId);
      return {
        segmentId,
        isKnown: isAnythingKnown(statistics.slots[segment]!),
        buys: statistics.slots[segment]!.buyers * 2 >= statistics.slots[segment]!.customers,
        traits: traits[segment]!,
        topics: topics[segment]!,
        ...(keptName === undefined ? {} : { keptName }),
      };
    }),
    language,
  );
  const months = [...base.months.keys()].sort();
  const totalParts = base.revenueParts - base.refundParts;
  return matches.map(({ segmentId, matchedFrom }, segment) => {
    const slot = statistics.slots[segment]!;
    const revenueParts = slot.revenueParts - slot.refundParts;
    const share = slot.customers / base.customers;
    const revenueShare = totalParts === 0 ? undefined : revenueParts / totalParts;
    return {
      segmentId,
      name: names[segment]!,
      customers: slot.customers,
      share,
      revenue: revenueParts / fixedPoint,
      revenueShare: revenueShare ?? 0,
      summary: summaryOf(
        {
          share,
          isKnown: isAnythingKnown(slot),
          revenueShare,
          traits: traits[segment]!,
          topic: topics[segment]![0],
          peak: peakOf(slot, base),
        },
        language,
      ),
      traits: shownTraits(traits[segment]!),
      categories: categories[segment]!.map(cardWord),
      words: words[segment]!.map(cardWord),
      items: chosen[segment]!,
      typicalCustomers: typicalCustomers[segment]!,
      lifecycle: Object.fromEntries(lifecycleStages.map((stage, code) => [stage, slot.stages[code]!])) as Record<
        LifecycleStage,
        number
      >,
      months: months.map((month) => {
        const [parts, lines] = slot.months.get(month) ?? [0, 0];
        return { month, revenue: parts / fixedPoint, lines };
      }),
      ...(matchedFrom === undefined ? {} : { matchedFrom }),
    };
  });
}

/** The strongest traits, those of the profile beside those of behaviour. */
function shownTraits(traits: readonly Trait[]): Trait[] {
  const profile = traits.filter(({ family }) => family === 'profile').slice(0, maxProfileTraits);
  const behaviour = traits.filter(({ family }) => family !== 'profile').slice(0, maxBehaviourTraits);
  return traits.filter((trait) => profile.includes(trait) || behaviour.includes(trait));
}

function cardWord({ facet, share, lift }: DistinctiveFacet): CardWord {
  return { word: termLabel(facet), share, lift };
}
