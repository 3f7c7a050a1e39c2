/**
 * How people speak of a feature that is high or low in a segment. In phrases {value}, {base} and {ratio} stand for the segment's typical value, that of all
 * customers, and the one over the other. A feature without an adjective says too little for a name.
 */
export interface TraitWords {
  readonly adjective?: { readonly en: string; readonly zh: string };
  readonly en: string;
  readonly zh: string;
}

/** Traits of one family say much the same; a name takes one of each. They stand in a name in this order. */
export const traitFamilies = [
  'time',
  'frequency',
  'value',
  'basket',
  'price',
  'variety',
  'season',
  'week',
  'day',
  'returns',
  'voice',
  'profile',
] as const;
export type TraitFamily = (typeof traitFamilies)[number];

export interface TraitVocabulary {
  readonly family: TraitFamily;
  /** How much the feature says to who plans a campaign: a name weighs effect sizes by it. */
  readonly salience: number;
  readonly high: TraitWords;
  readonly low: TraitWords;
}

function words(en: string, zh: string, adjectiveEn?: string, adjectiveZh?: string): TraitWords {
  if (adjectiveEn === undefined || adjectiveZh === undefined) return { en, zh };
  return { en, zh, adjective: { en: adjectiveEn, zh: adjectiveZh } };
}

function share(family: TraitFamily, en: string, zh: string, adjectiveEn: string, adjectiveZh: string): TraitVocabulary {
  const phrase = [
    `place {value} of orders ${en} (all customers {base})`,
    `{value} 的订单下在${zh}（全体 {base}）`,
  ] as const;
  return { family, salience: 0.8, high: words(...phrase, adjectiveEn, adjectiveZh), low: words(...phrase) };
}

/** By feature name. */
export const traitVocabulary: Readonly<Record<string, TraitVocabulary>> = {
  recencyDays: {
    family: 'time',
    salience: 1.2,
    high: words(
      'last bought {value} days ago (all customers {base})',
      '已有 {value} 天未购买（全体 {base} 天）',
      'Lapsed',
      '沉睡',
    ),
    low: words(
      'last bought {value} days ago (all customers {base})',
      '{value} 天前刚买过（全体 {base} 天）',
      'Recent',
      '近期活跃',
    ),
  },
  tenureDays: {
    family: 'time',
    salience: 1.1,
    high: words(
      'have been customers for {value} days (all customers {base})',
      '成为客户已 {value} 天（全体 {base} 天）',
      'Long-standing',
      '老客',
    ),
    low: words(
      'came {value} days ago (all customers {base})',
      '{value} 天前才成为客户（全体 {base} 天）',
      'New',
      '新客',
    ),
  },
  trend: {
    family: 'time',
    salience: 1.1,
    high: words(
      'order more and more ({value}× their own lifetime rate, all customers {base}×)',
      '购买越来越勤（近期为自身历史的 {value} 倍，全体 {base} 倍）',
      'Growing',
      '上升',
    ),
    low: words(
      'order less and less ({value}× their own lifetime rate, all customers {base}×)',
      '购买越来越少（近期为自身历史的 {value} 倍，全体 {base} 倍）',
      'Fading',
      '下滑',
    ),
  },
  orders: {
    family: 'frequency',
    salience: 1.2,
    high: words(
      'order {ratio}× as often ({value} orders, all customers {base})',
      '下单次数是全体的 {ratio} 倍（{value} 单，全体 {base} 单）',
      'Frequent',
      '高频',
    ),
    low: words(
      'place few orders ({value}, all customers {base})',
      '很少下单（{value} 单，全体 {base} 单）',
      'Occasional',
      '低频',
    ),
  },
  interPurchaseDays: {
    family: 'frequency',
    salience: 0.7,
    high: words(
      'come back every {value} days (all customers {base})',
      '每 {value} 天回购一次（全体 {base} 天）',
      'Slow-cycle',
      '长周期',
    ),
    low: words(
      'come back every {value} days (all customers {base})',
      '每 {value} 天回购一次（全体 {base} 天）',
      'Quick-return',
      '短周期',
    ),
  },
  distinctItems: {
    family: 'variety',
    salience: 0.6,
    high: words(
      'have tried {value} different items (all customers {base})',
      '买过 {value} 种商品（全体 {base} 种）',
      'Wide-range',
      '多品类',
    ),
    low: words(
      'have tried {value} different items (all customers {base})',
      '只买过 {value} 种商品（全体 {base} 种）',
      'Narrow-range',
      '品类单一',
    ),
  },
  revenue: {
    family: 'value',
    salience: 1.2,
    high: words(
      'spend {ratio}× as much ({value}, all customers {base})',
      '消费额是全体的 {ratio} 倍（{value}，全体 {base}）',
      'High-value',
      '高价值',
    ),
    low: words(
      'spend little ({value}, all customers {base})',
      '消费较少（{value}，全体 {base}）',
      'Low-value',
      '低价值',
    ),
  },
  meanOrderValue: {
    family: 'basket',
    salience: 1.1,
    high: words(
      'spend {ratio}× as much per order ({value}, all customers {base})',
      '客单价是全体的 {ratio} 倍（{value}，全体 {base}）',
      'Big-basket',
      '高客单',
    ),
    low: words(
      'spend little per order ({value}, all customers {base})',
      '客单价较低（{value}，全体 {base}）',
      'Small-basket',
      '低客单',
    ),
  },
  meanBasketLines: {
    family: 'basket',
    salience: 0.9,
    high: words(
      'put {value} lines in an order (all customers {base})',
      '每单买 {value} 种商品（全体 {base} 种）',
      'Big-basket',
      '大篮子',
    ),
    low: words(
      'put {value} lines in an order (all customers {base})',
      '每单只买 {value} 种商品（全体 {base} 种）',
      'Small-basket',
      '小篮子',
    ),
  },
  meanBasketUnits: {
    family: 'basket',
    salience: 0.8,
    high: words(
      'buy {value} units at a time (all customers {base})',
      '每单买 {value} 件（全体 {base} 件）',
      'Stock-up',
      '囤货',
    ),
    low: words(
      'buy {value} units at a time (all customers {base})',
      '每单只买 {value} 件（全体 {base} 件）',
      'Few-unit',
      '少量',
    ),
  },
  unitsPerLine: {
    family: 'basket',
    salience: 0.9,
    high: words(
      'buy {value} of one item at a time (all customers {base})',
      '同款每次买 {value} 件（全体 {base} 件）',
      'Bulk',
      '批量',
    ),
    low: words(
      'buy {value} of one item at a time (all customers {base})',
      '同款每次只买 {value} 件（全体 {base} 件）',
      'Single-unit',
      '单件',
    ),
  },
  meanUnitPrice: {
    family: 'price',
    salience: 1,
    high: words(
      'choose dearer items ({value} a unit, all customers {base})',
      '偏好高价商品（件单价 {value}，全体 {base}）',
      'Premium',
      '高端',
    ),
    low: words(
      'choose cheaper items ({value} a unit, all customers {base})',
      '偏好低价商品（件单价 {value}，全体 {base}）',
      'Low-price',
      '平价',
    ),
  },
  itemVariety: {
    family: 'variety',
    salience: 0.6,
    high: words(
      'seldom buy an item twice ({value} of lines are different items, all customers {base})',
      '很少重复购买（{value} 为不同商品，全体 {base}）',
      'Exploring',
      '尝新',
    ),
    low: words(
      'buy the same items again ({value} of lines are different items, all customers {base})',
      '常复购同款（{value} 为不同商品，全体 {base}）',
      'Repeat-item',
      '复购',
    ),
  },
  refundShare: {
    family: 'returns',
    salience: 1.1,
    high: words(
      'give back {value} of lines (all customers {base})',
      '退货占 {value}（全体 {base}）',
      'Return-prone',
      '高退货',
    ),
    low: words('give back {value} of lines (all customers {base})', '退货占 {value}（全体 {base}）'),
  },
  weekendShare: {
    ...share('week', 'at weekends', '周末', 'Weekend', '周末'),
    low: words(
      'place {value} of orders at weekends (all customers {base})',
      '仅 {value} 的订单下在周末（全体 {base}）',
      'Weekday',
      '工作日',
    ),
  },
  nightShare: share('day', 'between 0 and 6 h', '凌晨', 'Night', '凌晨'),
  morningShare: share('day', 'in the morning', '上午', 'Morning', '上午'),
  afternoonShare: share('day', 'in the afternoon', '下午', 'Afternoon', '下午'),
  eveningShare: share('day', 'in the evening', '晚间', 'Evening', '晚间'),
  yearEndShare: share('season', 'in November and December', '11–12月', 'Year-end', '年末'),
  summerShare: share('season', 'from June to August', '6–8月', 'Summer', '夏季'),
  browsing: {
    family: 'voice',
    salience: 1,
    high: words(
      'look around {ratio}× as much ({value} views, all customers {base})',
      '浏览量是全体的 {ratio} 倍（{value} 次，全体 {base} 次）',
      'Browsing',
      '爱逛',
    ),
    low: words('look around little ({value} views, all customers {base})', '很少浏览（{value} 次，全体 {base} 次）'),
  },
  carts: {
    family: 'voice',
    salience: 1,
    high: words(
      'fill carts and lists {ratio}× as much ({value} times, all customers {base})',
      '加购收藏是全体的 {ratio} 倍（{value} 次，全体 {base} 次）',
      'Cart-filling',
      '爱加购',
    ),
    low: words(
      'fill carts and lists seldom ({value} times, all customers {base})',
      '很少加购收藏（{value} 次，全体 {base} 次）',
    ),
  },
  reviews: {
    family: 'voice',
    salience: 1,
    high: words(
      'write {ratio}× as many reviews ({value}, all customers {base})',
      '评价数是全体的 {ratio} 倍（{value} 条，全体 {base} 条）',
      'Reviewing',
      '爱评价',
    ),
    low: words('write few reviews ({value}, all customers {base})', '很少评价（{value} 条，全体 {base} 条）'),
  },
  meanRating: {
    family: 'voice',
    salience: 1,
    high: words(
      'rate {value} stars (all customers {base})',
      '平均评分 {value} 星（全体 {base} 星）',
      'Pleased',
      '好评',
    ),
    low: words(
      'rate {value} stars (all customers {base})',
      '平均评分 {value} 星（全体 {base} 星）',
      'Critical',
      '挑剔',
    ),
  },
};

/** Said of a segment in place of a low number of orders where most bought once, which says more. */
export const oneTime = { adjective: { en: 'One-time', zh: '一次性' }, salience: 1.6 } as const;
