import { describe, expect, test } from 'vitest';
import { type NamingInput, nameSegments } from './naming.ts';
import type { Topic } from './topics.ts';
import { topicsOf } from './topics.ts';
import type { Trait } from './trait.ts';
import { type TraitFamily, traitVocabulary } from './trait-phrases.ts';

function trait(feature: string, effectSize: number, language: 'en' | 'zh' = 'en'): Trait {
  const { family, salience, high, low } = traitVocabulary[feature]!;
  const adjective = (effectSize > 0 ? high : low).adjective?.[language];
  return {
    feature,
    label: feature,
    segmentMean: 1,
    baseMean: 1,
    segmentTypical: 1,
    baseTypical: 1,
    ratio: 1,
    effectSize,
    salience: Math.abs(effectSize) * salience,
    family: family satisfies TraitFamily,
    phrase: '',
    ...(adjective === undefined ? {} : { adjective }),
  };
}

const word = (label: string): Topic => ({ label, isCategory: false, share: 0.2, lift: 3 });
const category = (label: string): Topic => ({ label, isCategory: true, share: 0.2, lift: 3 });

function segment(segmentId: string, traits: Trait[], topics: Topic[] = [], keptName?: string): NamingInput {
  return { segmentId, isKnown: true, buys: true, traits, topics, ...(keptName === undefined ? {} : { keptName }) };
}

describe('names', () => {
  test('of segments of which nothing is known are their ids, and give way once something is', () => {
    const unknown = { ...segment('seg-2', []), isKnown: false };
    const before = nameSegments([segment('seg-1', [trait('orders', 1.5)]), unknown], 'en');
    expect(before).toEqual(['Frequent buyers', 'Customers of seg-2']);
    const keptName = 'Customers of seg-2';
    expect(nameSegments([{ ...unknown, keptName }], 'en')).toEqual([keptName]);
    expect(nameSegments([segment('seg-2', [trait('orders', 1.5)], [], keptName)], 'en')).toEqual(['Frequent buyers']);
    expect(nameSegments([unknown], 'zh')).toEqual(['seg-2 客户']);
  });

  test('join the most telling traits of different families with what is bought', () => {
    expect(
      nameSegments(
        [
          segment(
            'seg-1',
            [trait('distinctItems', 1.6), trait('orders', 1.5), trait('meanOrderValue', 0.9)],
            [category('Dairy')],
          ),
          segment('seg-2', [trait('orders', -0.9), trait('recencyDays', 0.8)]),
          segment('seg-3', [trait('tenureDays', -1.6)], [word('christmas')]),
          segment('seg-4', [], [word('t-light holder')]),
          segment('seg-5', []),
        ],
        'en',
      ),
    ).toEqual([
      'Frequent big-basket buyers of Dairy',
      'Lapsed occasional buyers',
      'New Christmas buyers',
      'T-Light Holder buyers',
      'Everyday buyers',
    ]);
  });

  test('are Chinese for Chinese data', () => {
    const traits = [trait('weekendShare', 2, 'zh'), trait('meanOrderValue', 1.4, 'zh')];
    expect(nameSegments([segment('seg-1', traits, [category('护肤')]), segment('seg-2', [])], 'zh')).toEqual([
      '高客单周末护肤买家',
      '普通买家',
    ]);
  });

  test('differ: the next trait or topic joins in', () => {
    const traits = [trait('orders', 1.5), trait('meanUnitPrice', 0.3), trait('refundShare', 0.25)];
    expect(
      nameSegments(
        [
          segment('seg-1', traits, [word('bag'), word('lamp')]),
          segment('seg-2', traits, [word('bag'), word('lamp')]),
          segment('seg-3', traits, [word('bag'), word('lamp')]),
          segment('seg-4', []),
          segment('seg-5', []),
        ],
        'en',
      ),
    ).toEqual([
      'Frequent Bag buyers',
      'Frequent premium Bag buyers',
      'Frequent return-prone Bag buyers',
      'Everyday buyers',
      'Everyday buyers (seg-5)',
    ]);
  });

  test('call nobody a buyer who did not buy', () => {
    const browsers = { ...segment('seg-1', [trait('browsing', 2)], [word('lamp')]), buys: false };
    expect(nameSegments([browsers], 'en')).toEqual(['Browsing Lamp customers']);
    expect(nameSegments([{ ...segment('seg-1', [], [word('酒店')]), buys: false }], 'zh')).toEqual(['酒店客户']);
  });

  test('stay with a segment that is kept, and are not given to another', () => {
    expect(
      nameSegments(
        [segment('seg-7', [trait('orders', 1.5)]), segment('seg-1', [trait('recencyDays', 2)], [], 'Frequent buyers')],
        'en',
      ),
    ).toEqual(['Frequent buyers (seg-7)', 'Frequent buyers']);
  });

  test('stay short: the topic says more than the second trait', () => {
    const traits = [trait('orders', 1.5), trait('revenue', 1.4)];
    expect(nameSegments([segment('seg-1', traits, [category('Decorations and Party Supplies')])], 'en')).toEqual([
      'Frequent high-value buyers',
    ]);
    expect(nameSegments([segment('seg-1', traits, [category('Condiments and Sauces')])], 'en')).toEqual([
      'Frequent buyers of Condiments and Sauces',
    ]);
  });
});

test('a topic must both lift and weigh', () => {
  const facet = (name: string, share: number, lift: number) => ({ facet: name, customers: 50, share, lift, score: 0 });
  const found = topicsOf(
    [facet('Drink', 0.1, 1.16), facet('Tools', 0.2, 2)],
    [facet('rare', 0.001, 9), facet('护肤 面霜', 0.3, 2)],
  );
  expect(found.map(({ label, isCategory }) => [label, isCategory])).toEqual([
    ['护肤面霜', false],
    ['Tools', true],
  ]);
});
