import type { InteractionType } from './tables.ts';

/** What exporters write for each type, squashed as {@link typeOfEvent} squashes: lower case, letters and digits only. */
const words: Readonly<Partial<Record<InteractionType, readonly string[]>>> = {
  view: [
    'view',
    'viewed',
    'pageview',
    'page',
    'viewitem',
    'viewitemlist',
    'viewcontent',
    'productviewed',
    'viewedproduct',
    'productlistviewed',
    'pv',
    'detail',
    'visit',
    'impression',
    'browse',
    '浏览',
    '查看',
    '访问',
    '曝光',
  ],
  search: ['search', 'searched', 'productssearched', 'viewsearchresults', '搜索'],
  click: ['click', 'clicked', 'selectitem', 'productclicked', 'clickedproduct', '点击'],
  cart: [
    'cart',
    'addtocart',
    'addedtocart',
    'productadded',
    'cartadd',
    'begincheckout',
    'checkoutstarted',
    '加购',
    '加入购物车',
    '购物车',
  ],
  wishlist: [
    'wishlist',
    'addtowishlist',
    'productaddedtowishlist',
    'fav',
    'favorite',
    'favourite',
    'like',
    '收藏',
    '心愿单',
    '关注',
  ],
  purchase: [
    'purchase',
    'purchased',
    'buy',
    'bought',
    'order',
    'ordered',
    'ordercompleted',
    'completedorder',
    'orderplaced',
    'placedorder',
    'sale',
    'transaction',
    'checkoutcompleted',
    'paid',
    '购买',
    '下单',
    '支付',
    '成交',
    '付款',
    '已完成',
  ],
  refund: ['refund', 'refunded', 'orderrefunded', 'return', 'returned', 'returns', '退款', '退货', '退换货'],
  cancel: [
    'cancel',
    'canceled',
    'cancelled',
    'ordercancelled',
    'ordercanceled',
    'cancellation',
    '取消',
    '取消订单',
    '已取消',
  ],
  review: [
    'review',
    'reviewed',
    'productreviewed',
    'rating',
    'rate',
    'rated',
    'comment',
    'commented',
    '评论',
    '评价',
    '评分',
  ],
  social: [
    'social',
    'post',
    'share',
    'shared',
    'productshared',
    'cartshared',
    'follow',
    'mention',
    '分享',
    '转发',
    '动态',
    '发帖',
  ],
  support: ['support', 'ticket', 'contact', 'complaint', 'inquiry', 'enquiry', 'chat', '客服', '投诉', '咨询', '工单'],
};

const typeByWord = new Map<string, InteractionType>();
for (const [type, names] of Object.entries(words)) {
  for (const name of names) typeByWord.set(name, type as InteractionType);
}

/** The type that an event's name stands for; `custom` for a name of the shop's own. */
export function typeOfEvent(name: string): InteractionType {
  return (
    typeByWord.get(
      name
        .normalize('NFKC')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]/gu, ''),
    ) ?? 'custom'
  );
}
