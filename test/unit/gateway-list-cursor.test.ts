import { hash } from 'node:crypto';
import { expect } from 'chai';
import { TodoError } from '../../domain/errors.js';
import { readCursor, writeCursor } from '../../gateway/task-list/cursor.js';
import { parseSort, sortFields } from '../../gateway/task-list/sort.js';
import { someTask } from '../support/gateway.js';

describe('a cursor of a list', () => {
  const { id } = someTask();
  const sort = parseSort(sortFields.join());
  const values = [3, null, 1_764_000_000_123, -62_135_596_800_000, null, 'ラ "x"', true];

  it('gives back the place that was written', () => {
    expect(readCursor(writeCursor({ values, id }, 'list'), 'list', sort)).to.deep.equal({ values, id });
  });

  it('that someone forged with values of other types is refused', () => {
    const wrong: [number, unknown][] = [
      [0, 5],
      [0, '1; DROP TABLE tasks'],
      [1, {}],
      [2, null],
      [3, 'yesterday'],
      [4, 9e15],
      [5, 'a\u0000b'],
      [5, 7],
      [6, 'true'],
    ];
    for (const [index, value] of wrong) {
      const payload = JSON.stringify([...values.with(index, value as null), id]);
      const sum = (data: string) => hash('sha256', data, 'buffer').subarray(0, 6);
      const forged = Buffer.concat([sum('list'), sum(payload), Buffer.from(payload)]).toString('base64url');
      expect(() => readCursor(forged, 'list', sort), JSON.stringify([index, value])).to.throw(TodoError, 'unreadable');
    }
    expect(() => readCursor(writeCursor({ values: values.slice(1), id }, 'list'), 'list', sort)).to.throw(TodoError);
    expect(() => readCursor(writeCursor({ values, id: '1' }, 'list'), 'list', sort)).to.throw(TodoError);
  });
});
