/**
 * List prices in USD of us-east-1, without free tiers, as the pricing pages of AWS (aws.amazon.com/<service>/pricing) gave them in 2025 and
 * 2026. They change: compare before you rely on a figure.
 */
export const pricesAsOf = '2026-11';

export const prices = {
  alarmMonth: 0.1,
  cognitoMachineClientMonth: 6,
  cognitoToken: 2.25 / 1e3,
  dynamodbGbMonth: 0.25,
  dynamodbReadUnit: 0.125 / 1e6,
  dynamodbRecoveryGbMonth: 0.2,
  dynamodbWriteUnit: 0.625 / 1e6,
  httpApiRequest: 1 / 1e6,
  imageGbMonth: 0.1,
  keyMonth: 1,
  keyRequest: 0.03 / 1e4,
  /** arm64. */
  lambdaGbSecond: 0.0000133334,
  lambdaRequest: 0.2 / 1e6,
  logGb: 0.5,
  metricMonth: 0.3,
  s3Get: 0.4 / 1e6,
  s3GbMonth: 0.023,
  s3Put: 5 / 1e6,
  sagemakerHour: { 'ml.g4dn.xlarge': 0.736, 'ml.g5.xlarge': 1.408, 'ml.g5.2xlarge': 1.515 } as Readonly<
    Record<string, number>
  >,
  secretMonth: 0.4,
  stateTransition: 25 / 1e6,
  trace: 5 / 1e6,
} as const;
