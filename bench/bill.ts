import process from 'node:process';
import type { FunctionName } from '../contracts/environments.ts';
import { modelHostsOf } from '../contracts/settings.ts';
import { checkedSettings } from '../infra/deployment-settings.ts';
import { functionSizes } from '../infra/function-sizes.ts';
import { type StubAssembly, synthesizeStubs } from '../infra/stub-assembly.ts';
import type { BenchRequest } from './bench-request.ts';
import { note, printTable } from './comparison.ts';
import { type KindredRun, runKindred } from './kindred-run.ts';
import { prices, pricesAsOf } from './prices.ts';
import { shopFiles } from './shop-files.ts';

/** One line of a bill: so many of a thing at a price each. */
interface Line {
  readonly what: string;
  readonly quantity: number;
  readonly usdEach: number;
}

/** What the template and the trace do not tell. The model's work is charged for the time that it took on this machine's CPU. */
const assumed = {
  imageGb: 3,
  /** An instance's start, and until it is found idle: the backlog is empty for 15 one-minute periods before target tracking scales in. */
  endpointMinutesBesideWork: 20,
  getsPerPut: 4,
  /** Of 50 requests a minute and more; X-Ray samples one a second and 5 % of the rest. */
  sampledShare: 0.05,
  lookUpMs: 20,
  logBytesPerLookUp: 800,
  metricsPerMonth: 20,
} as const;

/** A month in which the shop's files come twice a day and a web shop asks for a customer at each visit. */
const busyMonth = { runs: 60, lookUps: 1_000_000, tokens: 1_500 } as const;

/**
 * The bill of an idle and of a busy month: what stands comes from the templates, what a run uses from its trace in an embedded cloud with the
 * deployment's number of partitions, prices from `prices.ts`. Tables on stderr, one JSON line per month on stdout. It compares nothing.
 */
export async function benchBill({ files, segments, settings }: BenchRequest): Promise<readonly []> {
  const deployed = checkedSettings(settings);
  const standing = standingLines(synthesizeStubs(deployed));
  const onEndpoint = modelHostsOf(deployed).includes('sagemaker');
  const instanceType = deployed.modelInstanceType || 'ml.g5.xlarge';
  const hourly = prices.sagemakerHour[instanceType];
  if (hourly === undefined) {
    throw new RangeError(
      `there is no price of ${instanceType}; allowed: ${Object.keys(prices.sagemakerHour).join(', ')}, or add it to bench/prices.ts.`,
    );
  }
  const run = await runKindred(await shopFiles(files), {
    segments,
    quietSeconds: 1,
    lakePartitions: deployed.lakePartitions,
    modelHosting: onEndpoint ? 'sagemaker' : 'lambda',
    ...settings,
  });
  const perRun = [...(onEndpoint ? [instanceLine(run, hourly)] : []), ...runLines(run)];
  note(`List prices of us-east-1, ${pricesAsOf}, without free tiers. The run: ${run.customers} customers.`);
  printBill('one run', perRun);
  printBill('an idle month', standing);
  const runs = perRun.map((line) => ({ ...line, quantity: line.quantity * busyMonth.runs }));
  printBill('a busy month', [...standing, ...runs, ...storageLines(run), ...lookUpLines()]);
  return [];
}

function standingLines({ resourcesOf }: StubAssembly): Line[] {
  const count = (type: string) => resourcesOf(type).length;
  const targetTracking = resourcesOf('AWS::ApplicationAutoScaling::ScalingPolicy').filter(
    ({ Properties }) => Properties.PolicyType === 'TargetTrackingScaling',
  ).length;
  const machineClients = resourcesOf('AWS::Cognito::UserPoolClient').filter(({ Properties }) =>
    Properties.AllowedOAuthFlows?.includes('client_credentials'),
  ).length;
  return [
    {
      what: 'alarms, two of each target tracking among them',
      quantity: count('AWS::CloudWatch::Alarm') + 2 * targetTracking,
      usdEach: prices.alarmMonth,
    },
    { what: 'keys', quantity: count('AWS::KMS::Key'), usdEach: prices.keyMonth },
    { what: 'secrets', quantity: count('AWS::SecretsManager::Secret'), usdEach: prices.secretMonth },
    { what: 'programs that get tokens (Cognito)', quantity: machineClients, usdEach: prices.cognitoMachineClientMonth },
    {
      what: 'GB of container image',
      quantity: assumed.imageGb * count('AWS::SageMaker::Model'),
      usdEach: prices.imageGbMonth,
    },
  ];
}

function instanceLine({ usage }: KindredRun, instanceHourUsd: number): Line {
  const minutes = usage.modelSeconds / 60 + assumed.endpointMinutesBesideWork;
  return { what: 'hours of the GPU instance', quantity: minutes / 60, usdEach: instanceHourUsd };
}

function runLines({ usage }: KindredRun): Line[] {
  const gbSeconds = usage.functions.map(
    ({ name, totalSeconds }) => (totalSeconds * functionSizes[name as FunctionName].memoryMb) / 1024,
  );
  const invocations = sum(usage.functions.map((one) => one.invocations));
  const puts = usage.stored.objects;
  return [
    { what: 'GB-seconds of functions', quantity: sum(gbSeconds), usdEach: prices.lambdaGbSecond },
    { what: 'invocations', quantity: invocations, usdEach: prices.lambdaRequest },
    { what: 'state transitions', quantity: usage.stateTransitions, usdEach: prices.stateTransition },
    { what: 'DynamoDB write units', quantity: usage.stored.itemWriteUnits, usdEach: prices.dynamodbWriteUnit },
    { what: 'S3 writes', quantity: puts, usdEach: prices.s3Put },
    { what: 'S3 reads', quantity: puts * assumed.getsPerPut, usdEach: prices.s3Get },
    { what: 'uses of the key', quantity: puts + invocations, usdEach: prices.keyRequest },
    { what: 'traces', quantity: invocations, usdEach: prices.trace },
  ];
}

/** All runs' objects and one run's rows; rows of customers about whom nothing changed are not written again. */
function storageLines({ usage: { stored } }: KindredRun): Line[] {
  const gb = 1e9;
  return [
    { what: 'GB of objects', quantity: (stored.objectBytes * busyMonth.runs) / gb, usdEach: prices.s3GbMonth },
    {
      what: 'GB of items, with recovery',
      quantity: stored.itemBytes / gb,
      usdEach: prices.dynamodbGbMonth + prices.dynamodbRecoveryGbMonth,
    },
  ];
}

function lookUpLines(): Line[] {
  const { lookUps, tokens } = busyMonth;
  const gbSecondsEach = (functionSizes['get-customer-segment'].memoryMb / 1024) * (assumed.lookUpMs / 1000);
  return [
    { what: 'API requests', quantity: lookUps, usdEach: prices.httpApiRequest },
    {
      what: 'their functions',
      quantity: lookUps,
      usdEach: prices.lambdaRequest + gbSecondsEach * prices.lambdaGbSecond,
    },
    { what: 'their reads of DynamoDB', quantity: lookUps, usdEach: prices.dynamodbReadUnit / 2 },
    { what: 'their GB of logs', quantity: (lookUps * assumed.logBytesPerLookUp) / 1e9, usdEach: prices.logGb },
    { what: 'their traces', quantity: lookUps * assumed.sampledShare, usdEach: prices.trace },
    { what: 'metrics of the API by route', quantity: assumed.metricsPerMonth, usdEach: prices.metricMonth },
    { what: 'tokens (Cognito)', quantity: tokens, usdEach: prices.cognitoToken },
  ];
}

function printBill(title: string, all: readonly Line[]): void {
  const lines = all.filter(({ quantity }) => quantity > 0);
  const usd = ({ quantity, usdEach }: Line) => quantity * usdEach;
  const total = sum(lines.map(usd));
  note(`\n${title}: ${total.toFixed(2)} USD`);
  printTable(
    ['what', 'quantity', 'USD'],
    lines.map((line) => [line.what, Number(line.quantity.toPrecision(3)), usd(line).toFixed(4)]),
  );
  const items = Object.fromEntries(lines.map((line) => [line.what, Number(usd(line).toFixed(4))]));
  process.stdout.write(`${JSON.stringify({ bench: 'bill', of: title, usd: Number(total.toFixed(2)), items })}\n`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
