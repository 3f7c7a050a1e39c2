/** Words that say nothing about a product or an opinion. Lower case. */
const english =
  `a about above after again all almost also always am an and any are as at be because been before being below between both but by
came can cannot could did do does doing done down during each either else even ever every few for from further get gets getting give go goes
going got had has have having he her here hers him his how i if in into is it its itself just know less let like made make makes many
may me might more most much must my myself never no nor not now of off on once one only or other our ours out over own per put quite
rather really same say see seems she should since so some still such take than that the their theirs them then there these they
thing things this those though through to too two under until up upon us use used using very was way we well went were what when where whether
which while who whom whose why will with within without would yes yet you your yours
t s re ve ll d m don didn doesn isn wasn won couldn wouldn shouldn ain aren
w c o x no nr pc pcs pack packs set sets pair pairs piece pieces cm mm ml oz lb kg inch inches size assorted misc unit units item items product products
postage carriage shipping delivery manual fee discount voucher charge charges sample samples`.split(/\s+/);

const chinese =
  `的 了 和 是 就 都 而 及 与 着 或 一个 没有 我们 你们 他们 她们 它们 这个 那个 这样 那样 这里 那里 这些 那些 什么 怎么 为什么 因为 所以 但是 不过
可以 可是 虽然 然后 还是 还有 已经 自己 这 那 我 你 他 她 它 您 在 有 也 不 很 很多 非常 太 更 最 又 再 还 只 才 就是 不是 人 说 要 会 能 去 来 上
下 中 里 到 得 地 过 被 把 给 让 从 对 向 跟 比 用 为 以 于 等 吧 吗 呢 啊 哦 嗯 呀 哈 个 件 款 只有 如果 而且 或者 并且 其他 其实 当然 应该 可能 觉得
感觉 时候 一下 一点 一些 一样 一直 一种 现在 今天 昨天 知道 东西 有点 比较 真的 不会 不能 不要 起来 出来 之后 之前 之间 以后 以前 没 好 多 大 小 买 想
看 做 吃 点 次 新 年 月 日 元 块 装 套 瓶 盒 包 袋 片 支 条 双 组 克 毫升 厘米`.split(/\s+/);

/** Colours, sizes and the like: they describe a product together with another word, never alone. */
const describing =
  `red blue green yellow pink white black grey gray brown purple orange ivory cream silver gold golden colour colours color colors
small large medium mini big little giant jumbo long short tall round square light dark new old classic best great good nice fresh
design style vintage red-white extra super low fat free premium
红色 蓝色 绿色 黄色 粉色 白色 黑色 灰色 紫色 金色 银色 大号 小号 中号 新款 经典 正品 官方 旗舰店`.split(/\s+/);

export const stopWords: ReadonlySet<string> = new Set([...english, ...chinese]);
export const describingWords: ReadonlySet<string> = new Set(describing);
