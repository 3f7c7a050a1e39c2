import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import type { Cloud } from '../local/cloud.ts';

/** What an embedded cloud holds after a run: in a new data folder that is what the run wrote. */
export interface StoredUsage {
  readonly objects: number;
  readonly objectBytes: number;
  readonly items: number;
  /** DynamoDB's unit for a write: 1 KB of an item, begun ones counted whole. */
  readonly itemWriteUnits: number;
  readonly itemBytes: number;
}

const writeUnitBytes = 1024;

export async function storedUsage(cloud: Cloud): Promise<StoredUsage> {
  return { ...(await objectUsage(cloud)), ...(await itemUsage(cloud)) };
}

async function objectUsage(cloud: Cloud): Promise<Pick<StoredUsage, 'objects' | 'objectBytes'>> {
  const client = new S3Client({ ...cloud.clientConfig('s3'), forcePathStyle: true });
  try {
    let [objects, objectBytes] = [0, 0];
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: cloud.endpoints.bucket })) {
      objects += Contents.length;
      for (const { Size = 0 } of Contents) objectBytes += Size;
    }
    return { objects, objectBytes };
  } finally {
    client.destroy();
  }
}

async function itemUsage(cloud: Cloud): Promise<Pick<StoredUsage, 'items' | 'itemWriteUnits' | 'itemBytes'>> {
  const client = new DynamoDBClient(cloud.clientConfig('dynamodb'));
  try {
    let [items, itemWriteUnits, itemBytes] = [0, 0, 0];
    for (const TableName of Object.values(cloud.endpoints.tables)) {
      for await (const { Items = [] } of paginateScan({ client }, { TableName })) {
        for (const item of Items) {
          // As JSON an item is a little larger than DynamoDB counts it: names and values, without quotes and types.
          const bytes = Buffer.byteLength(JSON.stringify(item));
          items += 1;
          itemBytes += bytes;
          itemWriteUnits += Math.ceil(bytes / writeUnitBytes);
        }
      }
    }
    return { items, itemWriteUnits, itemBytes };
  } finally {
    client.destroy();
  }
}
