const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
/** Longer runs are cut; an index entry has a limit and nobody types more. */
const longestWord = 64;
/** The most different words that are found again in one task. */
const mostWords = 2_000;

// Words as Unicode UAX #29 parts them: letters, digits and what belongs to them, with an apostrophe or a dot between letters,
// a comma or a dot between digits. ICU finds the same, but takes microseconds for each sign that stands between the words:
// for 16 KiB of dots a tenth of a second, in which nobody else is served.
const start = String.raw`[\p{L}\p{N}\p{Pc}]`;
const marks = String.raw`\u200d\p{M}\u00ad\u200c\u2060`;
const rest = String.raw`[\p{L}\p{N}\p{Pc}${marks}]*`;
const betweenLetters = String.raw`(?<=\p{L}[${marks}]*)['’.·:‧](?=\p{L})`;
const betweenDigits = String.raw`(?<=\p{N}[${marks}]*)['’.,;٬⁄](?=\p{N})`;
const spaced = new RegExp(`${start}${rest}(?:(?:${betweenLetters}|${betweenDigits})${rest})*`, 'gu');
/** Whatever could be one word, so that ICU never sees what is between them. */
const run = new RegExp(`${start}${rest}(?:['"’.·:‧,;٬⁄](?=${start})${rest})*['’]?`, 'gu');
/** Scripts without spaces, whose words only a dictionary knows; Korean, which ICU parts from others; and Hebrew's own quotes. */
const scriptsOfIcu =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Hangul}\p{Script=Hebrew}]/u;

/**
 * The words of a text as they are searched, in any script, folded so that case, width and accents do not matter.
 */
export function wordsOf(text: string): string[] {
  const words = new Set<string>();
  // Parted before they are folded: without its marks, Thai for one is not in the dictionary.
  for (const found of partsOf(text.normalize('NFKC'))) {
    words.add(fold(found).slice(0, longestWord));
    if (words.size >= mostWords) break;
  }
  return [...words];
}

function* partsOf(text: string): Generator<string> {
  if (!scriptsOfIcu.test(text)) {
    // ICU takes two of them for a word, and one for none.
    for (const [found] of text.matchAll(spaced)) if (found !== '_') yield found;
    return;
  }
  for (const [found] of text.matchAll(run)) {
    if (!scriptsOfIcu.test(found)) yield* partsOf(found);
    else for (const { segment, isWordLike } of segmenter.segment(found)) if (isWordLike) yield segment;
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

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase();
}
