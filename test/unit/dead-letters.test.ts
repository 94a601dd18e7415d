import { expect } from 'chai';
import { TodoError } from '../../domain/errors.js';
import { parseId, readRecord } from '../../runtime/dead-letters/records.js';
import { toDeadLetter } from '../../runtime/pubsub/dead-letter.js';

const place = { topic: 'task-audit', partition: 3, offset: 17, key: 'alice' } as const;
const now = new Date('2026-11-25T00:00:00Z');
const long = 'é'.repeat(1_000_000);

describe('a dead letter', () => {
  const letter = (key: string | null, payload: string, error: unknown) =>
    toDeadLetter('audit', { ...place, key }, Buffer.from(payload), error, now);

  it('names who refused which message, when and why', () => {
    expect(letter('alice', '{}', TodoError.invalid('/seq', 'must be integer'))).to.deep.equal({
      id: 'audit/task-audit/3/17',
      role: 'audit',
      ...place,
      refused_at: '2026-11-25T00:00:00.000Z',
      reason: {
        code: 'invalid',
        detail: 'must be integer',
        errors: [{ pointer: '/seq', detail: 'must be integer' }],
      },
      payload_base64: 'e30=',
      payload_bytes: 2,
      is_whole: true,
    });
  });

  it('is read back as it was laid down, and by its id', () => {
    const laidDown = letter(null, 'x', new Error('what nobody thought of'));
    expect(readRecord(Buffer.from(JSON.stringify(laidDown)))).to.deep.equal(laidDown);
    expect(parseId(laidDown.id)).to.deep.equal({ role: 'audit', topic: 'task-audit', partition: 3, offset: 17 });
  });

  it('fits into a message, however long its own is, its key, and what is said of it', () => {
    const errors = Array.from({ length: 20 }, () => ({ pointer: `/${long}`, detail: long }));
    const huge = letter(long, long, new TodoError('invalid', long, errors));
    expect(Buffer.byteLength(JSON.stringify(huge))).to.be.lessThan(1_000_000);
    expect(huge).to.include({ payload_bytes: 2_000_000, is_whole: false });
    expect(huge.reason.errors).to.have.length(20);
  });

  it('says that it is not whole when its key is too long, or was no text', () => {
    expect(letter('a'.repeat(256), '{}', null).is_whole).to.equal(true);
    expect(letter('a'.repeat(257), '{}', null).is_whole).to.equal(false);
    expect(letter('a\uFFFD', '{}', null).is_whole).to.equal(false);
  });
});
