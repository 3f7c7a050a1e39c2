import { parquetMetadata, parquetRead } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';

/**
 * A Parquet file of the given columns: Snappy pages, one row group per 100,000 rows. Equal columns give equal bytes. Without column
 * statistics: they cost an eighth of the writing, and readers take whole partitions.
 */
export function writeParquet(columns: ColumnSource[]): Uint8Array {
  const file = parquetWriteBuffer({ columnData: columns, codec: 'SNAPPY', rowGroupSize: 100_000, statistics: false });
  return new Uint8Array(file);
}

export interface ParquetColumns {
  readonly rows: number;
  has(name: string): boolean;
  column(name: string): Promise<unknown[]>;
}

export function readParquet(file: Uint8Array): ParquetColumns {
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
  const metadata = parquetMetadata(buffer);
  const rows = Number(metadata.num_rows);
  const names = new Set(metadata.schema.map(({ name }) => name));
  return {
    rows,
    has: (name) => names.has(name),
    column: async (name) => {
      const values = new Array<unknown>(rows);
      await parquetRead({
        file: buffer,
        metadata,
        columns: [name],
        onChunk: ({ columnData, rowStart }) => {
          for (let i = 0; i < columnData.length; i += 1) values[rowStart + i] = columnData[i];
        },
      });
      return values;
    },
  };
}
