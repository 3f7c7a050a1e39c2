import { InvalidNpyError } from '../../numerics/npy/invalid-npy-error.ts';
import { type NpyMatrix, readNpy } from '../../numerics/npy/npy.ts';
import { type MatrixIds, readMatrixIds } from '../records/matrix-ids.ts';
import { type OwnVectors, type OwnVectorsOptions, ownVectors } from './own-vectors.ts';

/** What became of a matrix of a team's own vectors and the list of its ids. */
export interface IngestedMatrix extends OwnVectors {
  /** Set where the matrix as a whole is rejected; there are no parts and identities then. */
  readonly problem?: { readonly code: string; readonly message: string };
  /** Undefined where it could not be read, and so are the ids. */
  readonly matrix?: Pick<NpyMatrix, 'rows' | 'columns' | 'dtype'>;
  /** Name of the column that the ids stand in, where their list has a header. */
  readonly idsColumn?: string;
}

/** Numbers in a matrix, n times d: as float32 256 MB. */
const maxElements = 64 * 1024 * 1024;
const nothing: OwnVectors = { parts: [], identities: [], rejected: [] };

/**
 * @param matrixFile a `.npy` file [n, d]
 * @param idsFile n ids, in the order of the matrix's rows
 */
export function ingestMatrixFiles(
  matrixFile: Uint8Array,
  idsFile: Uint8Array,
  options: OwnVectorsOptions,
): IngestedMatrix {
  let matrix: NpyMatrix;
  try {
    matrix = readNpy(matrixFile, { maxElements });
  } catch (error) {
    if (!(error instanceof InvalidNpyError)) throw error;
    return { ...nothing, problem: { code: error.code, message: `The matrix: ${error.message}.` } };
  }
  const { rows, columns, dtype } = matrix;
  const shape = { matrix: { rows, columns, dtype } };
  const ids = readMatrixIds(idsFile);
  if ('code' in ids) return { ...nothing, ...shape, problem: ids };
  const read = { ...shape, ...(ids.column === undefined ? {} : { idsColumn: ids.column }) };
  if (ids.ids.length !== rows) return { ...nothing, ...read, problem: wrongCount(ids, rows) };
  const vectors = ownVectors(matrix, ids, options);
  if (vectors.identities.length > 0) return { ...vectors, ...read };
  const message = `Not one of the ${rows} rows can be used; the first reasons stand under rejectedSamples.`;
  return { ...nothing, ...read, rejected: vectors.rejected, problem: { code: 'NO_VALID_ROWS', message } };
}

function wrongCount({ ids, column }: MatrixIds, rows: number): NonNullable<IngestedMatrix['problem']> {
  const header =
    column === undefined
      ? 'the first line counts as one, since no name of an id column stands there'
      : `below the column name "${column}"`;
  return {
    code: 'WRONG_COUNT',
    message:
      `There are ${ids.length} ids (${header}) and ${rows} rows in the matrix. Ids and rows go together by position: ` +
      'write one id for every row, in the same order, without blank lines.',
  };
}
