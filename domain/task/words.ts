const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
/** Longer runs are cut; an index entry has a limit and nobody types more. */
const longestWord = 64;
/** The most different words that are found again in one task. */
const mostWords = 2_000;

// A word by Unicode UAX #29: letters, marks and digits, with an apostrophe or dot between letters, a dot or comma between
// digits. ICU says the same, but takes microseconds for each sign between the words: of 16 KiB of dots, a tenth of a second.
const word =
  /[\p{L}\p{M}\p{N}\p{Pc}]+(?:(?:(?<=[\p{L}\p{M}])['’.·:](?=\p{L})|(?<=\p{N})['’.,;](?=\p{N}))[\p{L}\p{M}\p{N}\p{Pc}]+)*/gu;
/** Scripts that are written without spaces: only a dictionary knows their words. */
const withoutSpaces =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * The words of a text as they are searched: by the dictionary for scripts without spaces (by ICU), folded so that case,
 * width and accents do not matter.
 */
export function wordsOf(text: string): string[] {
  const words = new Set<string>();
  for (const found of parts(text.normalize('NFKC'))) {
    words.add(fold(found).slice(0, longestWord));
    if (words.size >= mostWords) break;
  }
  return [...words];
}

/** Parted before they are folded: without its marks, Thai for one is not in the dictionary. */
function* parts(text: string): Generator<string> {
  for (const [run] of text.matchAll(word)) {
    if (!withoutSpaces.test(run)) yield run;
    else for (const { segment, isWordLike } of segmenter.segment(run)) if (isWordLike) yield segment;
  }
}

/** The entry of a tag in a task's words; no word begins with it, so that a tag is found as a whole only. */
export function tagWord(tag: string): string {
  return `#${tag}`;
}

/** All that a task is found by: the words of title, tags and description, and each tag as a whole. */
export function searchWords(task: { title: string; description: string; tags: readonly string[] }): string[] {
  return [...wordsOf(`${task.title}\n${task.tags.join('\n')}\n${task.description}`), ...task.tags.map(tagWord)];
}

function isAscii(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return /^[\x00-\x7f]*$/.test(text);
}

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase();
}
