import { expect, it } from 'vitest';
import type { RejectedRow } from './reject-reasons.ts';
import { writeRejectsCsv } from './rejects-csv.ts';

const row = (line: number, cells: string[]): RejectedRow => ({
  line,
  code: 'MISSING_TIME',
  message: 'No time; add it.',
  cells,
});

it('writes the columns of the file and why each row was rejected', () => {
  const csv = writeRejectsCsv({
    header: ['id', 'note, more'],
    rows: [row(2, ['7', 'say "hi"\nthere']), row(5, ['=1+1', '质量'])],
  });
  expect(csv).toBe(
    'id,"note, more",_line,_code,_message\n' +
      '7,"say ""hi""\nthere",2,MISSING_TIME,"No time; add it."\n' +
      '=1+1,质量,5,MISSING_TIME,"No time; add it."\n',
  );
});

it('fits rows of another width under the header', () => {
  const csv = writeRejectsCsv({ header: ['a', 'b'], rows: [row(2, ['1']), row(3, ['1', '2', '3'])] });
  expect(csv.split('\n').slice(1, 3)).toEqual([
    '1,,2,MISSING_TIME,"No time; add it."',
    '1,"2,3",3,MISSING_TIME,"No time; add it."',
  ]);
});

it('does not repeat its own columns when a file of rejects is dropped again', () => {
  const csv = writeRejectsCsv({ header: ['a', '_line', '_code', '_message'], rows: [row(2, ['1', '9', 'X', 'old'])] });
  expect(csv).toBe('a,_line,_code,_message\n1,2,MISSING_TIME,"No time; add it."\n');
});
