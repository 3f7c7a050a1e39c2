/** What the command line asks of a bench. */
export interface BenchRequest {
  /** Files to work on; the sample's unless given. */
  readonly files: readonly string[];
  readonly rounds: number;
  /** Clusters that both sides make. */
  readonly segments: number;
  /** Deployment settings other than their defaults. */
  readonly settings: Readonly<Record<string, string>>;
}
