import type { AttributeStatistics } from '../features/attribute-statistics.ts';
import { dampedEffect } from './effect-size.ts';
import { formatShare } from './number-format.ts';
import type { Language } from './terms.ts';
import type { Trait } from './trait.ts';

/** What the attributes that records standardise are called where 1 means yes. */
const standardLabels: Readonly<Record<string, Record<Language, string>>> = {
  gender: { en: 'male', zh: '男性' },
};

/** In which attributes a segment's customers differ from all: the mean of a number, the share of a category. */
export function attributeTraits(segment: AttributeStatistics, base: AttributeStatistics, language: Language): Trait[] {
  const traits: Trait[] = [];
  for (const [name, all] of base.attributes) {
    const own = segment.attributes.get(name);
    if (own === undefined) continue;
    if (all.numbers >= all.strings) {
      const segmentMean = own.sum.value / own.numbers;
      const baseMean = all.sum.value / all.numbers;
      const deviation = Math.sqrt(Math.max(0, all.sumOfSquares.value / all.numbers - baseMean ** 2));
      const effectSize = dampedEffect(segmentMean - baseMean, deviation, own.numbers);
      const label = standardLabels[name]?.[language] ?? spelled(name);
      const yesNo = all.min === 0 && all.max === 1;
      const phrase = yesNo
        ? sharePhrase(label, segmentMean, baseMean, language)
        : meanPhrase(label, segmentMean, baseMean, language);
      traits.push(trait(name, label, segmentMean, baseMean, effectSize, phrase));
    } else if (all.counts !== undefined && own.counts !== undefined) {
      for (const [category, times] of all.counts) {
        const segmentShare = (own.counts.get(category) ?? 0) / own.strings;
        const baseShare = times / all.strings;
        const deviation = Math.sqrt(baseShare * (1 - baseShare));
        const effectSize = dampedEffect(segmentShare - baseShare, deviation, own.strings);
        const said = language === 'zh' ? `${spelled(name)}为${category}` : `${category} by ${spelled(name)}`;
        const phrase = sharePhrase(said, segmentShare, baseShare, language);
        traits.push(
          trait(`${name}=${category}`, `${spelled(name)}: ${category}`, segmentShare, baseShare, effectSize, phrase),
        );
      }
    }
  }
  return traits.filter(({ effectSize }) => Number.isFinite(effectSize));
}

function trait(
  feature: string,
  label: string,
  segmentMean: number,
  baseMean: number,
  effectSize: number,
  phrase: string,
): Trait {
  return {
    feature,
    label,
    segmentMean,
    baseMean,
    segmentTypical: segmentMean,
    baseTypical: baseMean,
    ratio: segmentMean / baseMean,
    effectSize,
    salience: Math.abs(effectSize),
    family: 'profile',
    phrase,
  };
}

function sharePhrase(label: string, own: number, all: number, language: Language): string {
  return language === 'zh'
    ? `${formatShare(own)} ${label}（全体 ${formatShare(all)}）`
    : `are ${formatShare(own)} ${label} (all customers ${formatShare(all)})`;
}

function meanPhrase(label: string, own: number, all: number, language: Language): string {
  return language === 'zh'
    ? `${label}平均 ${plain(own)}（全体 ${plain(all)}）`
    : `have a mean ${label} of ${plain(own)} (all customers ${plain(all)})`;
}

/** Without thousands separators: the number may be a year. */
function plain(value: number): string {
  return Math.abs(value) < 10 ? String(Number(value.toFixed(1))) : String(Math.round(value));
}

/** `yearlyIncome` and `yearly_income` -> `yearly income`. */
function spelled(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/_/g, ' ')
    .toLowerCase();
}
