import { expect } from 'chai';
import { fitting } from '../../runtime/answer-size.js';

describe('an answer through daprd', () => {
  it('is cut after what fits, so that it is never more than daprd carries', () => {
    const items = Array.from({ length: 10 }, (_, index) => ({ index, text: 'é'.repeat(200_000) }));
    const cut = fitting(items);
    expect(cut).to.deep.equal(items.slice(0, 5));
    expect(Buffer.byteLength(JSON.stringify(cut))).to.be.below(2.1 * 1024 * 1024);
  });

  it('is whole when it fits, and has at least one item', () => {
    expect(fitting([1, 2, 3])).to.deep.equal([1, 2, 3]);
    expect(fitting(['x'.repeat(3_000_000), 'y'])).to.have.length(1);
    expect(fitting([])).to.deep.equal([]);
  });
});
