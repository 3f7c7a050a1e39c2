/**
 * The throttle of an HTTP API's stage: a token bucket.
 * Source: API Gateway developer guide, "Throttle requests to your HTTP APIs": `ThrottlingRateLimit` tokens a second come into a bucket of
 * `ThrottlingBurstLimit`, each request takes one, and one that finds none is answered 429 `{"message":"Too Many Requests"}`.
 */
export class Throttle {
  readonly #ratePerSecond: number;
  readonly #burst: number;
  readonly #clock: () => number;
  #tokens: number;
  #filledAtMs: number;

  /** @param clock milliseconds since 1970 */
  constructor(ratePerSecond: number, burst: number, clock: () => number) {
    this.#ratePerSecond = ratePerSecond;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#filledAtMs = clock();
  }

  /** Lets a request through, or answers false. */
  admit(): boolean {
    const nowMs = this.#clock();
    const cameIn = (Math.max(0, nowMs - this.#filledAtMs) / 1000) * this.#ratePerSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + cameIn);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
