import { expect } from 'chai';
import { sharedSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';

describe('GET /v1/tasks?q=', () => {
  const system = sharedSystem();
  let alice: TestUser;
  before(async () => {
    alice = await system().newUser();
    await alice.createAll(
      { title: 'Buy milk', description: 'two litres, at the corner shop' },
      { title: 'Crème brûlée', tags: ['kitchen table'] },
      { title: '牛乳を買う', description: '東京都の店で' },
      { title: '去超市买牛奶' },
      { title: 'ซื้อนมที่ร้านค้า' },
      { title: 'اشتر حليبا من المتجر' },
      { title: 'לקנות חלב' },
      { title: 'Купить молоко' },
      { title: 'Γάλα από το μαγαζί' },
      { title: 'दूध खरीदना' },
      { title: '우유를 사다' },
      { title: 'ＦＵＬＬ ｗｉｄｔｈ' },
      { title: "don't forget: call +49-30-1234, e-mail bob@example.org" },
      { title: 'Straße kehren' },
    );
  });

  const searches: [string, string[]][] = [
    ['milk', ['Buy milk']],
    ['MILK', ['Buy milk']],
    ['buy milk', ['Buy milk']],
    ['milk corner', ['Buy milk']],
    ['milk beer', []],
    ['mil', []],
    ['creme', ['Crème brûlée']],
    ['brulée', ['Crème brûlée']],
    ['kitchen', ['Crème brûlée']],
    ['牛乳', ['牛乳を買う']],
    ['東京', ['牛乳を買う']],
    ['超市', ['去超市买牛奶']],
    ['牛奶', ['去超市买牛奶']],
    ['ร้านค้า', ['ซื้อนมที่ร้านค้า']],
    ['حليبا', ['اشتر حليبا من المتجر']],
    ['חלב', ['לקנות חלב']],
    ['МОЛОКО', ['Купить молоко']],
    ['γαλα', ['Γάλα από το μαγαζί']],
    ['दूध', ['दूध खरीदना']],
    ['우유를', ['우유를 사다']],
    ['full', ['ＦＵＬＬ ｗｉｄｔｈ']],
    ["don't", ["don't forget: call +49-30-1234, e-mail bob@example.org"]],
    ['1234', ["don't forget: call +49-30-1234, e-mail bob@example.org"]],
    ['example.org', ["don't forget: call +49-30-1234, e-mail bob@example.org"]],
    ['straße', ['Straße kehren']],
    ['!!!', []],
    ["'; DROP TABLE tasks; --", []],
    ['%', []],
  ];
  for (const [words, titles] of searches) {
    it(`${words} finds ${titles.join(', ') || 'nothing'}`, async () => {
      expect(await alice.titles(`q=${encodeURIComponent(words)}`)).to.deep.equal(titles);
    });
  }

  it('goes by the words as they are now', async () => {
    const bob = await system().newUser();
    const { id } = await bob.create({ title: 'Buy milk', description: 'fresh', tags: ['shop'] });
    await bob.patch(`/v1/tasks/${id}`, { title: 'Buy bread', tags: null });
    const found = await Promise.all(['milk', 'shop', 'bread', 'fresh'].map((word) => bob.titles(`q=${word}`)));
    expect(found.map((titles) => titles.length)).to.deep.equal([0, 0, 1, 1]);
    await bob.delete(`/v1/tasks/${id}`);
    expect(await bob.titles('q=bread')).to.be.empty;
  });
});
