import type { z } from 'zod';
import {
  customerSegmentAnswer,
  getRunAnswer,
  getSegmentAnswer,
  listMembersAnswer,
  listRunsAnswer,
  listSegmentsAnswer,
} from '../contracts/api.ts';
import type { Endpoints } from './endpoints.ts';

/** The API answered something other than 200. */
export class ApiAnswerError extends Error {
  override readonly name = 'ApiAnswerError';
  readonly code = 'API_ANSWER';
  readonly retryable = false;
}

/** The HTTP API as an application sees it. */
export class ApiClient {
  readonly #url: string;
  readonly #token: string;

  constructor({ api, tokens }: Pick<Endpoints, 'api' | 'tokens'>) {
    this.#url = api;
    this.#token = tokens.reader;
  }

  async runs() {
    return (await this.get('/runs', listRunsAnswer)).data;
  }

  run(runId: string) {
    return this.get(`/runs/${runId}`, getRunAnswer);
  }

  async segments() {
    return (await this.get('/segments', listSegmentsAnswer)).data;
  }

  async segment(segmentId: string) {
    return (await this.get(`/segments/${segmentId}`, getSegmentAnswer)).segment;
  }

  customerSegment(customerId: string) {
    return this.get(`/customers/${encodeURIComponent(customerId)}/segment`, customerSegmentAnswer);
  }

  /** Every member of a segment, page by page. */
  async *members(segmentId: string): AsyncGenerator<z.infer<typeof listMembersAnswer>['data'][number]> {
    let cursor: string | null = '';
    while (cursor !== null) {
      const query = new URLSearchParams({ limit: '100', ...(cursor === '' ? {} : { cursor }) });
      const page: z.infer<typeof listMembersAnswer> = await this.get(
        `/segments/${segmentId}/members?${query}`,
        listMembersAnswer,
      );
      yield* page.data;
      cursor = page.cursor.next;
    }
  }

  async get<T>(path: string, answer: z.ZodType<T>): Promise<T> {
    const response = await fetch(`${this.#url}${path}`, { headers: { authorization: `Bearer ${this.#token}` } });
    const body: unknown = await response.json();
    if (!response.ok) {
      const { detail = '' } = body as { detail?: string };
      throw new ApiAnswerError(`GET ${path} answered ${response.status}: ${detail}`);
    }
    return answer.parse(body);
  }
}
