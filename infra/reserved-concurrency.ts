import type { FunctionName } from '../contracts/environments.ts';
import type { Settings } from '../contracts/settings.ts';

/** The setting that reserves concurrency for a function; all others share the account's pool. */
const settingOf: { readonly [F in FunctionName]?: 'lookupConcurrency' | 'ingestConcurrency' } = {
  'get-customer-segment': 'lookupConcurrency',
  'ingest-file': 'ingestConcurrency',
};

/**
 * Concurrent executions set aside for a function, or undefined. None are by default: Lambda refuses a reservation that leaves an account
 * less than 100 unreserved, and new accounts may have 10 in all (Lambda developer guide, "Configuring reserved concurrency").
 */
export function reservedConcurrency(functionName: FunctionName, settings: Settings): number | undefined {
  const setting = settingOf[functionName];
  const reserved = setting === undefined ? 'none' : settings[setting];
  return reserved === 'none' ? undefined : reserved;
}
