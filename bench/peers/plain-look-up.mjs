/** The look-up of a customer's segment as one would write it first: AWS's SDK clients, zod and middy. */
import process from 'node:process';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import middy from '@middy/core';
import { z } from 'zod';

const tables = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const secrets = new SecretsManagerClient({});
const parameters = z.object({ customerId: z.string().min(1) });
const row = z.object({ segmentId: z.string(), segmentName: z.string(), confidence: z.number().nullable() });

export const handler = middy().handler(async (event) => {
  const { customerId } = parameters.parse(event.pathParameters);
  const secret = await secrets.send(new GetSecretValueCommand({ SecretId: process.env.PSEUDONYM_SECRET_ARN }));
  const { createHmac } = await import('node:crypto');
  const customer = createHmac('sha256', secret.SecretString)
    .update(`customer\0${customerId}`)
    .digest('hex')
    .slice(0, 32);
  const live = await tables.send(
    new GetCommand({ TableName: process.env.REGISTRY_TABLE, Key: { pk: 'LIVE', sk: 'pointer' } }),
  );
  const found = await tables.send(
    new QueryCommand({
      TableName: process.env.CUSTOMERS_TABLE,
      KeyConditionExpression: 'customer = :customer AND runSeq <= :live',
      ExpressionAttributeValues: { ':customer': customer, ':live': live.Item.runSeq },
      ScanIndexForward: false,
      Limit: 1,
    }),
  );
  return { statusCode: 200, body: JSON.stringify(row.parse(JSON.parse(found.Items[0].row))) };
});
