import { dayMs } from './calendar.ts';
import type { BehaviourReading } from './customer-summary.ts';

/** How a raw value becomes a column for clustering. `log`: sign(x) * ln(1 + |x|). `sqrt`: square root. `none`: as it is. */
export type FeatureTransform = 'log' | 'sqrt' | 'none';
export type FeatureUnit = 'days' | 'count' | 'money' | 'share' | 'stars' | 'ratio';

export interface BehaviourFeature {
  readonly name: string;
  readonly label: { readonly en: string; readonly zh: string };
  readonly unit: FeatureUnit;
  readonly transform: FeatureTransform;
  /** The raw value; NaN where the customer's data does not tell. */
  readonly of: (reading: BehaviourReading) => number;
}

/** Orders below which a share of them is chance and not habit: it counts as missing. */
const minHabitOrders = 3;

/** The columns of the behaviour matrix, in order. */
export const behaviourFeatures: readonly BehaviourFeature[] = [
  feature('recencyDays', 'days since the last purchase', '距上次购买天数', 'days', 'log', ({ facts, asOfMs }) =>
    Math.max(0, (asOfMs - facts.lastPurchaseAtMs) / dayMs),
  ),
  feature('orders', 'orders', '订单数', 'count', 'log', ({ facts }) => facts.orders),
  feature('revenue', 'revenue after refunds', '净消费额', 'money', 'log', ({ facts, pricedLines }) =>
    facts.lines > 0 && pricedLines === 0 ? Number.NaN : facts.revenue - facts.refundAmount,
  ),
  feature('tenureDays', 'days since the first event', '成为客户天数', 'days', 'log', ({ facts, asOfMs }) =>
    Math.max(0, (asOfMs - facts.firstEventAtMs) / dayMs),
  ),
  feature('meanOrderValue', 'value of an order', '客单价', 'money', 'log', ({ facts, pricedLines }) =>
    pricedLines === 0 ? Number.NaN : facts.revenue / facts.orders,
  ),
  feature('meanBasketLines', 'lines in an order', '每单商品行数', 'count', 'log', ({ facts }) =>
    ratio(facts.lines, facts.orders),
  ),
  feature('meanBasketUnits', 'units in an order', '每单件数', 'count', 'log', ({ facts }) =>
    ratio(facts.units, facts.orders),
  ),
  feature('unitsPerLine', 'units of one item at a time', '单品每次购买件数', 'count', 'log', ({ facts }) =>
    ratio(facts.units, facts.lines),
  ),
  feature('meanUnitPrice', 'price of a unit', '件单价', 'money', 'log', ({ facts, pricedLines }) =>
    pricedLines === 0 ? Number.NaN : ratio(facts.revenue, facts.units),
  ),
  feature(
    'distinctItems',
    'different items bought',
    '购买商品种数',
    'count',
    'log',
    ({ facts }) => facts.distinctItems,
  ),
  feature('itemVariety', 'different items per line', '商品多样性', 'share', 'none', ({ facts }) =>
    facts.distinctItems === 0 ? Number.NaN : facts.distinctItems / facts.lines,
  ),
  feature('interPurchaseDays', 'days between purchases', '平均购买间隔天数', 'days', 'log', meanGapDays),
  feature('trend', 'recent against lifetime order rate', '近期购买频率与历史之比', 'ratio', 'log', (reading) =>
    ratio(reading.recentOrdersPerDay, reading.ordersPerDay),
  ),
  feature('refundShare', 'share of lines given back', '退款行占比', 'share', 'sqrt', ({ facts }) =>
    ratio(facts.refundLines, facts.lines + facts.refundLines),
  ),
  habit('weekendShare', 'orders at weekends', '周末订单占比', ({ weekendOrders, facts }) =>
    ratio(weekendOrders, facts.orders),
  ),
  habit('nightShare', 'orders between 0 and 6 h', '凌晨订单占比', (reading) => daypartShare(reading, 0)),
  habit('morningShare', 'orders between 6 and 12 h', '上午订单占比', (reading) => daypartShare(reading, 1)),
  habit('afternoonShare', 'orders between 12 and 18 h', '下午订单占比', (reading) => daypartShare(reading, 2)),
  habit('eveningShare', 'orders between 18 and 24 h', '晚间订单占比', (reading) => daypartShare(reading, 3)),
  habit('yearEndShare', 'orders in November and December', '11–12月订单占比', ({ yearEndOrders, facts }) =>
    ratio(yearEndOrders, facts.orders),
  ),
  habit('summerShare', 'orders from June to August', '6–8月订单占比', ({ summerOrders, facts }) =>
    ratio(summerOrders, facts.orders),
  ),
  feature('browsing', 'views, searches and clicks', '浏览次数', 'count', 'log', ({ browsing }) => browsing),
  feature('carts', 'items put in the cart or on a list', '加购收藏次数', 'count', 'log', ({ carts }) => carts),
  feature('reviews', 'reviews written', '评价数', 'count', 'log', ({ facts }) => facts.reviews),
  feature('meanRating', 'mean rating given', '平均评分', 'stars', 'none', ({ facts }) => facts.meanRating),
];

export const behaviourFeatureNames: readonly string[] = behaviourFeatures.map(({ name }) => name);

/** Mean days between a customer's purchase days; NaN below two of them. */
export function meanGapDays({ facts }: Pick<BehaviourReading, 'facts'>): number {
  if (facts.purchaseDays < 2) return Number.NaN;
  const spanDays = Math.floor(facts.lastPurchaseAtMs / dayMs) - Math.floor(facts.firstPurchaseAtMs / dayMs);
  return spanDays / (facts.purchaseDays - 1);
}

/** Writes a reading's raw values into `raw` from `offset` on. */
export function writeRawFeatures(reading: BehaviourReading, raw: Float32Array, offset: number): void {
  for (let index = 0; index < behaviourFeatures.length; index++) {
    raw[offset + index] = behaviourFeatures[index]!.of(reading);
  }
}

/** Raw values [n, m] -> the columns for clustering [n, m]; NaN stays NaN. */
export function transformFeatures(raw: Float32Array): Float32Array {
  const transforms = behaviourFeatures.map(({ transform }) => transform);
  return raw.map((value, index) => {
    const transform = transforms[index % transforms.length];
    if (transform === 'log') return Math.sign(value) * Math.log1p(Math.abs(value));
    return transform === 'sqrt' ? Math.sqrt(value) : value;
  });
}

/** The raw value whose transformed value is `transformed`. */
export function untransform(transform: FeatureTransform, transformed: number): number {
  if (transform === 'log') return Math.sign(transformed) * Math.expm1(Math.abs(transformed));
  return transform === 'sqrt' ? transformed ** 2 : transformed;
}

function feature(
  name: string,
  en: string,
  zh: string,
  unit: FeatureUnit,
  transform: FeatureTransform,
  of: BehaviourFeature['of'],
): BehaviourFeature {
  return { name, label: { en, zh }, unit, transform, of };
}

/** A share of the customer's orders. */
function habit(name: string, en: string, zh: string, of: BehaviourFeature['of']): BehaviourFeature {
  const known: BehaviourFeature['of'] = (reading) => (reading.facts.orders < minHabitOrders ? Number.NaN : of(reading));
  return feature(name, en, zh, 'share', 'none', known);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? Number.NaN : part / whole;
}

function daypartShare({ dayparts }: BehaviourReading, part: 0 | 1 | 2 | 3): number {
  return ratio(dayparts[part], dayparts[0] + dayparts[1] + dayparts[2] + dayparts[3]);
}
