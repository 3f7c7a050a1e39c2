import type { Stage } from './stage-board.ts';

/** Draws stages on a terminal, each a line that grows in place; into a pipe or file, each a line once it has ended. */

const barWidth = 20;
const redrawEveryMs = 80;

export interface StageDrawing {
  changed(stage: Stage): void;
  end(): void;
}

export function stageLine(stage: Stage, nowMs: number): string {
  const part = stage.failed ? stage.done / stage.total : Math.min(1, stage.done / stage.total);
  const filled = Math.round(part * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  const tookMs = stage.startedAtMs === undefined ? 0 : (stage.endedAtMs ?? nowMs) - stage.startedAtMs;
  const rows =
    stage.rows === 0 && stage.endedAtMs === undefined ? '' : `${stage.rows.toLocaleString('en')} ${stage.unit}`;
  const mark = stage.failed ? '✗' : stage.endedAtMs === undefined ? ' ' : '✓';
  return `  ${mark} ${stage.label.padEnd(17)} ${bar} ${rows.padEnd(28)} ${(tookMs / 1000).toFixed(1).padStart(6)} s`;
}

export function drawStages(stages: readonly Stage[], output: NodeJS.WriteStream, nowMs: () => number): StageDrawing {
  return output.isTTY ? drawInPlace(stages, output, nowMs) : drawEnded(stages, output, nowMs);
}

function drawInPlace(stages: readonly Stage[], output: NodeJS.WriteStream, nowMs: () => number): StageDrawing {
  let drawn = 0;
  const draw = (): void => {
    const begun = stages.filter(({ startedAtMs }) => startedAtMs !== undefined);
    const up = drawn === 0 ? '' : `\u001b[${drawn}A`;
    output.write(`${up}${begun.map((stage) => `\u001b[2K${stageLine(stage, nowMs())}\n`).join('')}`);
    drawn = begun.length;
  };
  const timer = setInterval(draw, redrawEveryMs);
  return {
    changed: draw,
    end: () => {
      clearInterval(timer);
      draw();
    },
  };
}

function drawEnded(stages: readonly Stage[], output: NodeJS.WriteStream, nowMs: () => number): StageDrawing {
  const written = new Set<Stage>();
  const write = (stage: Stage): void => {
    if (stage.endedAtMs === undefined || written.has(stage)) return;
    written.add(stage);
    output.write(`${stageLine(stage, nowMs())}\n`);
  };
  // A stage's rows may come a moment after its end: lines wait until the next stage has something to say.
  return {
    changed: (stage) => {
      for (const earlier of stages) if (earlier !== stage) write(earlier);
    },
    end: () => {
      for (const stage of stages) write(stage);
    },
  };
}
