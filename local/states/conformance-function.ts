/** What the conformance cases want of their function: exactly one of these. */
export type ConformanceCall =
  | { readonly answer: unknown }
  | { readonly error: string; readonly unless?: boolean; readonly answer?: unknown }
  | { readonly sleepSeconds: number }
  | { readonly token: string };

/**
 * The function that the conformance cases call. For the real service, deploy a Node.js function whose handler is
 * `conformanceFunction((ms) => new Promise((resolve) => setTimeout(resolve, ms)))`, with a timeout of a minute.
 */
export function conformanceFunction(sleep: (ms: number) => Promise<void>): (event: unknown) => Promise<unknown> {
  return async (event) => {
    const call = event as ConformanceCall;
    if ('error' in call && call.unless !== true) {
      const error = new Error(`the error ${call.error}, as asked for`);
      error.name = call.error;
      throw error;
    }
    if ('sleepSeconds' in call) await sleep(call.sleepSeconds * 1000);
    return 'answer' in call ? call.answer : null;
  };
}
