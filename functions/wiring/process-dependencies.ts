import { type Environment, environments, type FunctionName } from '../../contracts/environments.ts';

/**
 * What a function works with, made from its environment at the first call and kept for the life of the process. A failure to make it
 * is not kept: the next call tries anew.
 */
export function processDependencies<F extends FunctionName, D>(
  functionName: F,
  create: (environment: Environment<F>) => D | Promise<D>,
): () => Promise<D> {
  let kept: { readonly deps: D } | undefined;
  return async () => {
    kept ??= { deps: await create(environments[functionName].parse(process.env) as Environment<F>) };
    return kept.deps;
  };
}
