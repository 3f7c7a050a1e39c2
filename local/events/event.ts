import type { Json } from '../template/intrinsics.ts';

/** Source: EventBridge user guide, "AWS service event metadata". */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** Whole seconds: `2026-01-31T09:30:00Z`. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Json;
}

export interface EventEntry {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Json;
  readonly resources: readonly string[];
  /** Milliseconds since 1970. */
  readonly atMs: number;
}
