import { parquetMetadata, parquetRead } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';

/** A Parquet file of the given columns: Snappy pages, one row group per 100,000 rows. Equal columns give equal bytes. */
export function writeParquet(columns: ColumnSource[]): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData: columns, codec: 'SNAPPY', rowGroupSize: 100_000 }));
}

export interface ParquetColumns {
  readonly rows: number;
  column(name: string): Promise<unknown[]>;
}

export function readParquet(file: Uint8Array): ParquetColumns {
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
  const metadata = parquetMetadata(buffer);
  const rows = Number(metadata.num_rows);
  return {
    rows,
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
