import { behaviourFeatures, type FeatureUnit, untransform } from '../features/behaviour-features.ts';
import { attributeTraits } from './attribute-traits.ts';
import { dampedEffect } from './effect-size.ts';
import { formatValue } from './number-format.ts';
import type { SegmentTotals } from './segment-statistics.ts';
import type { Language } from './terms.ts';
import type { Trait } from './trait.ts';
import { oneTime, traitVocabulary } from './trait-phrases.ts';

const minEffectSize = 0.2;
/** Typical orders up to which a segment's customers bought once. */
const oneTimeOrders = 1.25;

/** The traits of a segment in behaviour and profile, strongest first. Differences below 0.2 standard deviations are none. */
export function traitsOf(segment: SegmentTotals, base: SegmentTotals, language: Language): Trait[] {
  return [
    ...behaviourTraits(segment, base, language),
    ...attributeTraits(segment.attributes, base.attributes, language),
  ]
    .filter(({ effectSize }) => Math.abs(effectSize) >= minEffectSize)
    .sort((a, b) => Math.abs(b.effectSize) - Math.abs(a.effectSize) || (a.feature < b.feature ? -1 : 1));
}

function behaviourTraits(segment: SegmentTotals, base: SegmentTotals, language: Language): Trait[] {
  return behaviourFeatures.flatMap(({ name, label, unit, transform }, index) => {
    const own = segment.features.read(index);
    const all = base.features.read(index);
    const vocabulary = traitVocabulary[name]!;
    const difference = own.transformedMean - all.transformedMean;
    const effectSize = dampedEffect(difference, all.transformedDeviation, own.count);
    if (!Number.isFinite(effectSize)) return [];
    const segmentTypical = untransform(transform, own.transformedMean);
    const baseTypical = untransform(transform, all.transformedMean);
    const ratio = segmentTypical / baseTypical;
    const said = effectSize > 0 ? vocabulary.high : vocabulary.low;
    const once = name === 'orders' && effectSize < 0 && segmentTypical <= oneTimeOrders;
    const adjective = once ? oneTime.adjective : said.adjective;
    const salience = once ? oneTime.salience : vocabulary.salience;
    return [
      {
        feature: name,
        label: label[language],
        segmentMean: own.mean,
        baseMean: all.mean,
        segmentTypical,
        baseTypical,
        ratio,
        effectSize,
        salience: Math.abs(effectSize) * salience,
        family: vocabulary.family,
        phrase: fill(said[language], unit, segmentTypical, baseTypical, ratio),
        ...(adjective === undefined ? {} : { adjective: adjective[language] }),
      },
    ];
  });
}

function fill(template: string, unit: FeatureUnit, value: number, base: number, ratio: number): string {
  return template
    .replace('{value}', formatValue(unit, value))
    .replace('{base}', formatValue(unit, base))
    .replace('{ratio}', formatValue('ratio', ratio));
}
