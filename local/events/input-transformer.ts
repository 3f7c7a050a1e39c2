import type { Json } from '../template/intrinsics.ts';

/** How a target's input is made from an event; left out, the event itself is the input. */
export interface TargetInput {
  /** A constant, as JSON text. */
  readonly input?: string;
  /** `$.detail` */
  readonly inputPath?: string;
  readonly inputTransformer?: {
    readonly inputPathsMap: Readonly<Record<string, string>>;
    readonly inputTemplate: string;
  };
}

/** A path that goes beyond the dot notation that EventBridge's input paths allow here. */
export class InputPathError extends Error {
  override readonly name = 'InputPathError';
  readonly code = 'INVALID_INPUT_PATH';
  readonly retryable = false;
}

/**
 * The JSON text that a target receives.
 * Source: EventBridge user guide, "Amazon EventBridge input transformation": in a JSON template a value in quotes is put in as text, one
 * without quotes as JSON; a path that leads nowhere gives the empty string.
 */
export function targetInput(event: Json, { input, inputPath, inputTransformer }: TargetInput): string {
  if (input !== undefined) return input;
  if (inputPath !== undefined) return JSON.stringify(follow(event, inputPath) ?? null);
  if (inputTransformer === undefined) return JSON.stringify(event);
  const { inputPathsMap, inputTemplate } = inputTransformer;
  const values = new Map(Object.entries(inputPathsMap).map(([name, path]) => [name, follow(event, path)]));
  return inputTemplate.replace(/"(?:[^"\\]|\\.)*"|<([^<>]+)>/g, (match, bare: string | undefined) => {
    if (bare !== undefined) return JSON.stringify(transformed(event, values, bare) ?? '');
    return match.replace(/<([^<>]+)>/g, (_, name: string) => quotedText(transformed(event, values, name)));
  });
}

function transformed(event: Json, values: ReadonlyMap<string, Json | undefined>, name: string): Json | undefined {
  return name === 'aws.events.event' || name === 'aws.events.event.json' ? event : values.get(name);
}

function quotedText(value: Json | undefined): string {
  if (value === undefined) return '';
  return JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value)).slice(1, -1);
}

function follow(event: Json, path: string): Json | undefined {
  const [root, ...names] = path.split('.');
  if (root !== '$' || names.some((name) => !/^[\w-]+(\[\d+\])?$/.test(name))) {
    throw new InputPathError(
      `The input path "${path}" is not known here; known are paths such as $.detail.object.key or $.resources[0].`,
    );
  }
  let current: Json | undefined = event;
  for (const step of names.flatMap((name) => name.split(/[[\]]/).filter((part) => part !== ''))) {
    current = typeof current === 'object' && current !== null ? (current as Record<string, Json>)[step] : undefined;
  }
  return current;
}
