/**
 * Which route of an HTTP API a request belongs to.
 * Source: API Gateway developer guide, "Routes for HTTP APIs in API Gateway": a full match goes before a greedy path variable, that before
 * `$default`; of two full matches the one with the more specific path and method is taken.
 */
export interface RouteMatch<R> {
  readonly route: R;
  readonly pathParameters: Readonly<Record<string, string>>;
}

interface CompiledRoute<R> {
  readonly route: R;
  readonly method: string;
  readonly parts: readonly string[];
}

/** A route key that is neither `METHOD /path` nor `$default`. */
export class RouteKeyError extends Error {
  override readonly name = 'RouteKeyError';
  readonly code = 'INVALID_ROUTE_KEY';
  readonly retryable = false;
}

const ROUTE_KEY = /^(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) (\/\S*)$/;

export class RouteTable<R extends { readonly routeKey: string }> {
  readonly #routes: readonly CompiledRoute<R>[];
  readonly #default: R | undefined;

  /** @throws RouteKeyError */
  constructor(routes: readonly R[]) {
    this.#default = routes.find(({ routeKey }) => routeKey === '$default');
    this.#routes = routes
      .filter((route) => route !== this.#default)
      .map((route) => {
        const [, method, path] = ROUTE_KEY.exec(route.routeKey) ?? [];
        if (method === undefined || path === undefined)
          throw new RouteKeyError(`"${route.routeKey}" is no route key; one looks like "GET /segments/{segmentId}".`);
        return { route, method, parts: partsOf(path) };
      })
      .sort((a, b) => compareSpecificity(a, b));
  }

  /** @param path percent-encoded, without the query */
  find(method: string, path: string): RouteMatch<R> | undefined {
    const parts = partsOf(path);
    for (const candidate of this.#routes) {
      if (candidate.method !== 'ANY' && candidate.method !== method) continue;
      const pathParameters = match(candidate.parts, parts);
      if (pathParameters !== undefined) return { route: candidate.route, pathParameters };
    }
    return this.#default === undefined ? undefined : { route: this.#default, pathParameters: {} };
  }
}

function partsOf(path: string): string[] {
  return path.replace(/\/$/, '').split('/').slice(1);
}

function match(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const greedy = /^\{(.+)\+\}$/.exec(expected);
    if (greedy) {
      if (index >= parts.length) return undefined;
      parameters[greedy[1]!] = parts.slice(index).map(decode).join('/');
      return parameters;
    }
    const part = parts[index];
    const variable = /^\{(.+)\}$/.exec(expected);
    if (part === undefined || (variable ? part === '' : decode(part) !== expected)) return undefined;
    if (variable) parameters[variable[1]!] = decode(part);
  }
  return pattern.length === parts.length ? parameters : undefined;
}

/** Text that is not valid percent-encoding stands for itself. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Literal parts before variables before a greedy variable, part by part; then a method before ANY. */
function compareSpecificity<R>(a: CompiledRoute<R>, b: CompiledRoute<R>): number {
  const rank = (part: string | undefined) =>
    part === undefined ? 3 : part.endsWith('+}') ? 2 : part.startsWith('{') ? 1 : 0;
  for (let index = 0; index < Math.max(a.parts.length, b.parts.length); index += 1) {
    const difference = rank(a.parts[index]) - rank(b.parts[index]);
    if (difference !== 0) return difference;
  }
  return Number(a.method === 'ANY') - Number(b.method === 'ANY');
}
