import type { Invocation } from './lambda/function-service.ts';
import type { ProgressEvent } from './states/ports.ts';

/** What a person follows of a run: which stages there are, how far each is, how many rows it has worked through. */

export interface Stage {
  readonly label: string;
  /** What its rows are. */
  readonly unit: string;
  done: number;
  total: number;
  rows: number;
  startedAtMs: number | undefined;
  endedAtMs: number | undefined;
  failed: boolean;
}

interface StageDefinition {
  readonly label: string;
  readonly unit: string;
  /** State of the segment run that begins and ends the stage; ingest has none, it runs before. */
  readonly state?: string;
  /** Function whose answers' `rows` are the stage's. */
  readonly functionName: string;
}

const definitions: readonly StageDefinition[] = [
  { label: 'Ingest', unit: 'rows', functionName: 'ingest-file' },
  { label: 'Plan', unit: 'accepted rows', state: 'Plan', functionName: 'plan-run' },
  { label: 'Build features', unit: 'customers', state: 'BuildFeatures', functionName: 'build-features' },
  { label: 'Embed texts', unit: 'texts', state: 'EmbedTexts', functionName: 'cache-embeddings' },
  { label: 'Build vectors', unit: 'customers', state: 'BuildVectors', functionName: 'build-vectors' },
  { label: 'Fit output layer', unit: 'customers', state: 'FitOutputLayer', functionName: 'fit-output-layer' },
  { label: 'Project vectors', unit: 'customers', state: 'ProjectVectors', functionName: 'project-vectors' },
  { label: 'Cluster', unit: 'customers', state: 'Cluster', functionName: 'cluster-vectors' },
  { label: 'Describe', unit: 'customers', state: 'Describe', functionName: 'describe-segments' },
  { label: 'Train classifier', unit: 'customers', state: 'TrainClassifier', functionName: 'prepare-training' },
  { label: 'Evaluate', unit: 'held-out customers', state: 'Evaluate', functionName: 'evaluate-run' },
  { label: 'Publish', unit: 'changed rows', state: 'Publish', functionName: 'publish-rows' },
  { label: 'Promote', unit: 'customers', state: 'Promote', functionName: 'promote-run' },
  { label: 'Announce', unit: 'moves', state: 'Announce', functionName: 'announce-run' },
];

export class StageBoard {
  readonly stages: readonly Stage[];
  readonly #nowMs: () => number;
  readonly #onChange: (stage: Stage) => void;

  constructor(files: number, nowMs: () => number, onChange: (stage: Stage) => void) {
    this.#nowMs = nowMs;
    this.#onChange = onChange;
    this.stages = definitions.map(({ label, unit, state }) => ({
      label,
      unit,
      done: 0,
      total: state === undefined ? files : 1,
      rows: 0,
      startedAtMs: undefined,
      endedAtMs: undefined,
      failed: false,
    }));
  }

  /** Ingest begins when the first file is dropped; no state tells of it. */
  filesDropped(): void {
    this.#begin(this.stages[0]!);
  }

  invoked({ functionName, result }: Invocation): void {
    const stage = this.stages[definitions.findIndex((definition) => definition.functionName === functionName)];
    const { rows } = (result ?? {}) as { rows?: unknown };
    if (!stage || typeof rows !== 'number') return;
    stage.rows += rows;
    if (functionName === 'ingest-file') {
      stage.done += 1;
      if (stage.done >= stage.total) stage.endedAtMs = this.#nowMs();
    }
    this.#onChange(stage);
  }

  progressed({ stateName, kind, doneItems, totalItems }: ProgressEvent): void {
    const stage = this.stages[definitions.findIndex(({ state }) => state === stateName)];
    if (!stage) return;
    if (kind === 'entered') {
      this.#begin(stage);
      return;
    }
    if (kind === 'items') {
      stage.done = doneItems ?? stage.done;
      stage.total = Math.max(totalItems ?? 1, 1);
    } else {
      stage.endedAtMs = this.#nowMs();
      stage.failed = kind === 'failed';
      if (!stage.failed) stage.done = stage.total;
    }
    this.#onChange(stage);
  }

  #begin(stage: Stage): void {
    stage.startedAtMs ??= this.#nowMs();
    this.#onChange(stage);
  }
}
