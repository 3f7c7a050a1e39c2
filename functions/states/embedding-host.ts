import type { ModelHost } from '../../contracts/model-jobs.ts';

/**
 * Which host embeds a run's texts, and in jobs of what size. A text has at most as many tokens as characters and two more. Measured on one
 * core of a server (AMD EPYC, 8-bit encoders): 9,000 tokens a second of product titles, 5,100 of texts of 512 tokens. The Lambda's core is
 * counted as 2,000, so that a job of a minute ends well within its 15 even where it is four times slower than that.
 */
const lambdaTokensPerSecond = 2000;
const lambdaJobTokens = 60 * lambdaTokensPerSecond;
/** As many at a time as a new account has room for, which is ten functions in all. */
export const lambdaJobsAtOnce = 8;
/**
 * What they embed in five minutes, some 100,000 product titles and more. The endpoint needs longer than that to wake from no instance, and
 * beyond it is faster and cheaper.
 */
export const mostLambdaTokens = lambdaJobsAtOnce * 300 * lambdaTokensPerSecond;
const endpointJobTexts = 20_000;

/** What a host would have to embed: the texts that have no vector in its own profile. */
export interface HostWork {
  readonly host: ModelHost;
  readonly texts: readonly string[];
}

/** One host for all texts of a run: two hosts have two profiles, whose vectors must not stand side by side. */
export function chooseHost<W extends HostWork>(works: readonly W[]): W {
  const lambda = works.find(({ host }) => host === 'lambda');
  const endpoint = works.find(({ host }) => host === 'sagemaker');
  if (lambda && endpoint) return tokensAtMost(lambda.texts) <= mostLambdaTokens ? lambda : endpoint;
  return (lambda ?? endpoint)!;
}

/** Cuts texts, in their order, into jobs of a size that suits the host. */
export function jobsFor({ host, texts }: HostWork): string[][] {
  const jobs: string[][] = [];
  let job: string[] = [];
  let tokens = 0;
  for (const text of texts) {
    const isFull = host === 'lambda' ? tokens >= lambdaJobTokens : job.length >= endpointJobTexts;
    if (job.length === 0 || isFull) {
      job = [];
      tokens = 0;
      jobs.push(job);
    }
    job.push(text);
    tokens += tokensAtMost([text]);
  }
  return jobs;
}

function tokensAtMost(texts: readonly string[]): number {
  return texts.reduce((total, text) => total + text.length + 2, 0);
}
