import { formatShare } from './number-format.ts';
import type { SegmentTotals } from './segment-statistics.ts';
import type { Language } from './terms.ts';
import type { Topic } from './topics.ts';
import type { Trait } from './trait.ts';

/** The month of the year (0 is January) in which a segment earns much more of its money than all customers do. */
export interface Peak {
  readonly monthOfYear: number;
  /** Of the segment's money. */
  readonly share: number;
}

export interface SummaryInput {
  readonly share: number;
  /** False where no file says anything of the segment's customers. */
  readonly isKnown: boolean;
  /** Undefined where nothing was earned. */
  readonly revenueShare: number | undefined;
  /** Strongest first. */
  readonly traits: readonly Trait[];
  readonly topic: Topic | undefined;
  readonly peak: Peak | undefined;
}

const maxTraits = 3;
const minPeakShare = 0.25;
const minPeakLift = 1.5;
const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** A segment in two sentences: how large it is, and what its customers do that others do not. */
export function summaryOf(
  { share, isKnown, revenueShare, traits, topic, peak }: SummaryInput,
  language: Language,
): string {
  if (!isKnown) {
    return language === 'zh'
      ? `占客户 ${formatShare(share)}。文件中没有他们的其他信息。`
      : `${formatShare(share)} of customers. The files say nothing else of them.`;
  }
  // A peak month says more than the share of a season.
  const parts = phrasesOf(peak === undefined ? traits : traits.filter(({ family }) => family !== 'season'));
  if (language === 'zh') {
    if (topic !== undefined) {
      parts.push(`偏爱${topic.label}（占所选 ${formatShare(topic.share)}，为全体的 ${topic.lift.toFixed(1)} 倍）`);
    }
    if (peak !== undefined) parts.push(`${formatShare(peak.share)} 的消费在${peak.monthOfYear + 1}月`);
    const size = `占客户 ${formatShare(share)}${revenueShare === undefined ? '' : `，占收入 ${formatShare(revenueShare)}`}。`;
    return `${size}${parts.length === 0 ? '与全体客户相近' : parts.join('；')}。`;
  }
  if (topic !== undefined) {
    const times = `${topic.lift.toFixed(1)}× as much`;
    parts.push(`choose "${topic.label}" ${times} (${formatShare(topic.share)} of what they choose)`);
  }
  if (peak !== undefined) {
    parts.push(`spend ${formatShare(peak.share)} of their money in ${monthNames[peak.monthOfYear]}`);
  }
  const earned = revenueShare === undefined ? '' : `, ${formatShare(revenueShare)} of revenue`;
  const size = `${formatShare(share)} of customers${earned}.`;
  return `${size} They ${parts.length === 0 ? 'are much like all customers' : parts.join('; ')}.`;
}

export function peakOf(segment: SegmentTotals, base: SegmentTotals): Peak | undefined {
  const all = byMonthOfYear(base);
  return byMonthOfYear(segment)
    .map((share, monthOfYear) => ({ monthOfYear, share }))
    .filter(({ monthOfYear, share }) => share >= minPeakShare && share >= minPeakLift * all[monthOfYear]!)
    .sort((a, b) => b.share - a.share)[0];
}

function byMonthOfYear({ months, revenueParts }: SegmentTotals): number[] {
  const parts = new Array<number>(12).fill(0);
  for (const [month, [earned]] of months) parts[Number(month.slice(5)) - 1]! += earned;
  return parts.map((earned) => (revenueParts === 0 ? 0 : earned / revenueParts));
}

/** The most telling traits of different families, as phrases. */
function phrasesOf(traits: readonly Trait[]): string[] {
  const families = new Set<string>();
  return traits
    .toSorted((a, b) => b.salience - a.salience)
    .filter(({ family }) => !families.has(family) && families.add(family))
    .slice(0, maxTraits)
    .map(({ phrase }) => phrase);
}
