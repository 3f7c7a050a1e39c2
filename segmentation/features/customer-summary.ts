import { dayMs, isWeekend, monthOf } from './calendar.ts';
import { bucketWidth, column, fixedPoint } from './day-buckets.ts';

/** Absolute facts about what a customer did; times are milliseconds since 1970, NaN where it never happened. */
export interface BehaviourFacts {
  readonly firstEventAtMs: number;
  readonly lastEventAtMs: number;
  readonly firstPurchaseAtMs: number;
  readonly lastPurchaseAtMs: number;
  /** Distinct order ids; purchase lines without one are an order per minute. */
  readonly orders: number;
  readonly lines: number;
  readonly units: number;
  /** Money of all purchase lines, before refunds, in the shop's currency. */
  readonly revenue: number;
  readonly refundLines: number;
  readonly refundAmount: number;
  /** Different items bought. */
  readonly distinctItems: number;
  readonly reviews: number;
  /** 1 to 5; NaN where the customer rated nothing. */
  readonly meanRating: number;
  /** Days with any event. */
  readonly activeDays: number;
  readonly purchaseDays: number;
}

/** The facts together with the totals that features are made of. */
export interface BehaviourReading {
  readonly facts: BehaviourFacts;
  readonly asOfMs: number;
  /** Purchase lines whose money is known. */
  readonly pricedLines: number;
  readonly browsing: number;
  readonly carts: number;
  /** Orders by the quarter of the day they began in: night, morning, afternoon, evening (UTC). Orders of files with dates only are not in it. */
  readonly dayparts: readonly [number, number, number, number];
  readonly weekendOrders: number;
  /** Orders of November and December. */
  readonly yearEndOrders: number;
  /** Orders of June, July and August. */
  readonly summerOrders: number;
  /** Orders of late, each halved every {@link rateHalfLifeDays}, per day; NaN below two purchase days. */
  readonly recentOrdersPerDay: number;
  readonly ordersPerDay: number;
}

export const rateHalfLifeDays = 90;
const yearEndMonths = new Set([10, 11]);
const summerMonths = new Set([5, 6, 7]);

/**
 * One customer in columns: their daily buckets in order of day and what days cannot tell. Both the accumulator and the batch path
 * fill one of these and read it here, which is why they give the same bits.
 */
export class CustomerSummary {
  firstEventAtMs = Number.NaN;
  lastEventAtMs = Number.NaN;
  firstPurchaseAtMs = Number.NaN;
  lastPurchaseAtMs = Number.NaN;
  distinctItems = 0;
  readonly dayparts = new Float64Array(4);
  dayCount = 0;
  days = new Int32Array(64);
  /** [days, bucketWidth] */
  buckets = new Float64Array(64 * bucketWidth);

  reset(): void {
    this.firstEventAtMs = Number.NaN;
    this.lastEventAtMs = Number.NaN;
    this.firstPurchaseAtMs = Number.NaN;
    this.lastPurchaseAtMs = Number.NaN;
    this.distinctItems = 0;
    this.dayparts.fill(0);
    this.dayCount = 0;
  }

  /** Opens an empty bucket for a day later than all before it; gives the bucket's offset. */
  openDay(day: number): number {
    if (this.dayCount === this.days.length) {
      const days = new Int32Array(this.dayCount * 2);
      days.set(this.days);
      this.days = days;
      const buckets = new Float64Array(this.dayCount * 2 * bucketWidth);
      buckets.set(this.buckets);
      this.buckets = buckets;
    }
    const offset = this.dayCount * bucketWidth;
    this.buckets.fill(0, offset, offset + bucketWidth);
    this.days[this.dayCount++] = day;
    return offset;
  }

  /** Counts an order that began at `atMs`, whose day's bucket stands at `offset`. */
  addOrder(atMs: number, offset: number): void {
    this.buckets[offset + column.orders]! += 1;
    const ofDayMs = atMs - Math.floor(atMs / dayMs) * dayMs;
    if (ofDayMs !== 0) this.dayparts[Math.floor(ofDayMs / (dayMs / 4))]! += 1;
  }

  /** What this customer looks like at `asOfMs`; an event after it counts as if it were at it. */
  read(asOfMs: number): BehaviourReading {
    const { buckets, days, dayCount } = this;
    const totals = new Float64Array(bucketWidth);
    let weekendOrders = 0;
    let yearEndOrders = 0;
    let summerOrders = 0;
    let purchaseDays = 0;
    let decayedOrders = 0;
    const asOfDay = Math.floor(asOfMs / dayMs);
    for (let index = 0; index < dayCount; index++) {
      const offset = index * bucketWidth;
      for (let c = 0; c < bucketWidth; c++) totals[c]! += buckets[offset + c]!;
      if (buckets[offset + column.lines]! > 0) purchaseDays++;
      const orders = buckets[offset + column.orders]!;
      if (orders === 0) continue;
      const day = days[index]!;
      const month = monthOf(day) % 12;
      if (isWeekend(day)) weekendOrders += orders;
      if (yearEndMonths.has(month)) yearEndOrders += orders;
      if (summerMonths.has(month)) summerOrders += orders;
      decayedOrders += orders * 2 ** (-Math.max(0, asOfDay - day) / rateHalfLifeDays);
    }
    const orders = totals[column.orders]!;
    const ratings = totals[column.ratings]!;
    const windowDays = Math.max(0, asOfDay - Math.floor(this.firstPurchaseAtMs / dayMs)) + 1;
    const decayedDays = (1 - 2 ** (-windowDays / rateHalfLifeDays)) / (1 - 2 ** (-1 / rateHalfLifeDays));
    const repeats = purchaseDays > 1;
    return {
      facts: {
        firstEventAtMs: this.firstEventAtMs,
        lastEventAtMs: this.lastEventAtMs,
        firstPurchaseAtMs: this.firstPurchaseAtMs,
        lastPurchaseAtMs: this.lastPurchaseAtMs,
        orders,
        lines: totals[column.lines]!,
        units: totals[column.units]! / fixedPoint,
        revenue: totals[column.revenue]! / fixedPoint,
        refundLines: totals[column.refundLines]!,
        refundAmount: totals[column.refundAmount]! / fixedPoint,
        distinctItems: this.distinctItems,
        reviews: totals[column.reviews]!,
        meanRating: ratings === 0 ? Number.NaN : totals[column.ratingSum]! / fixedPoint / ratings,
        activeDays: dayCount,
        purchaseDays,
      },
      asOfMs,
      pricedLines: totals[column.pricedLines]!,
      browsing: totals[column.browsing]!,
      carts: totals[column.carts]!,
      dayparts: [this.dayparts[0]!, this.dayparts[1]!, this.dayparts[2]!, this.dayparts[3]!],
      weekendOrders,
      yearEndOrders,
      summerOrders,
      recentOrdersPerDay: repeats ? decayedOrders / decayedDays : Number.NaN,
      ordersPerDay: repeats ? orders / windowDays : Number.NaN,
    };
  }
}
