import { expect } from 'chai';
import { searchWords, wordsOf } from '../../domain/task/words.js';

describe('the words a task is found by', () => {
  it('are folded: case, accents and width do not matter', () => {
    expect(wordsOf('Zürich ÉCOLE Ｆｕｌｌ')).to.deep.equal(['zurich', 'ecole', 'full']);
  });

  it('are found in scripts without spaces', () => {
    expect(wordsOf('明日牛乳を買う')).to.include('牛乳');
    expect(wordsOf('ซื้อนมพรุ่งนี้').length).to.be.greaterThan(1);
  });

  it('come from title, description and tags, and a tag is found as a whole too', () => {
    const words = searchWords({ title: 'Buy milk', description: 'organic', tags: ['corner shop'] });
    expect(words).to.have.members(['buy', 'milk', 'corner', 'shop', 'organic', '#corner shop']);
  });
});
