import middy from '@middy/core';
import type * as z from 'zod';
import { type Environment, environments, type FunctionName } from '../../contracts/environments.ts';
import { RegistryTable } from '../../storage/registry-table.ts';
import { InvalidInputError } from './invalid-input-error.ts';
import { logInvocation } from './log-invocation.ts';
import { processDependencies } from './process-dependencies.ts';

/** What a step of a run answers: at least how many rows it worked through. */
export interface StageResult {
  readonly rows: number;
}

export interface FunctionDefinition<F extends FunctionName, I, D, O> {
  readonly name: F;
  /** The shape of the event; anything else is refused before the step sees it. */
  readonly input: z.ZodType<I>;
  /** Builds what the step works with, once per process. */
  readonly createDeps: (environment: Environment<F>) => D | Promise<D>;
  readonly step: (input: I, deps: D) => Promise<O>;
}

/** The handler around a pure step: environment, input check, dependencies, one log line. */
export function stateFunction<F extends FunctionName, I, D, O>(definition: FunctionDefinition<F, I, D, O>) {
  const dependencies = processDependencies(definition.name, definition.createDeps);
  return middy<unknown, O>()
    .use(logInvocation(definition.name))
    .handler(async (event) => {
      return definition.step(parseInput(definition, event), await dependencies());
    });
}

/** A state of the segment run: a function that also notes in the registry how many rows it worked through. */
export function stageFunction<
  F extends FunctionName,
  I extends { readonly runId: string; readonly partition?: number | undefined },
  D,
  O extends StageResult,
>(definition: FunctionDefinition<F, I, D, O>) {
  let registry: RegistryTable | undefined;
  return stateFunction<F, I, D, O>({
    ...definition,
    step: async (input, deps) => {
      const startedMs = performance.now();
      const result = await definition.step(input, deps);
      registry ??= new RegistryTable(
        (environments[definition.name].parse(process.env) as StageEnvironment).REGISTRY_TABLE,
      );
      await registry.putStage(input.runId, {
        stage: definition.name,
        partition: input.partition ?? 0,
        rows: result.rows,
        tookMs: Math.round(performance.now() - startedMs),
      });
      return result;
    },
  });
}

interface StageEnvironment {
  readonly REGISTRY_TABLE: string;
}

function parseInput<I>(definition: { readonly name: string; readonly input: z.ZodType<I> }, event: unknown): I {
  const parsed = definition.input.safeParse(event);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(definition.name, parsed.error);
}
