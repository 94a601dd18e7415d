import fc from 'fast-check';
import { wordsOf } from '../../domain/task/words.js';

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
/** Mostly what the rules turn on and what lies between, in ASCII and beyond. */
const character = fc.oneof(
  fc.constantFrom(...'aZ01_:.,;\'"-/@ \n\t'),
  fc.integer({ min: 0, max: 0x7f }).map((code) => String.fromCharCode(code)),
  fc.constantFrom(...'éßж’·٣עท牛乳をかナ한'),
);

describe('the words of a text', () => {
  it('are those of Unicode’s segmentation, whichever way they were found', () => {
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 40 }), (text) => {
        const segments = [...segmenter.segment(text.normalize('NFKC'))];
        const words = segments.filter(({ isWordLike }) => isWordLike).map(({ segment }) => wordsOf(segment)[0]);
        return JSON.stringify(wordsOf(text)) === JSON.stringify([...new Set(words)]);
      }),
      { numRuns: 5_000 },
    );
  });
});
