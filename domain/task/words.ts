const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
/** Longer runs are cut; an index entry has a limit and nobody types more. */
const longestWord = 64;
/** The most different words that are found again in one task. */
const mostWords = 2_000;

/**
 * The words of a text as they are searched: by the dictionary for scripts without spaces (Unicode UAX #29, by ICU),
 * folded so that case, width and accents do not matter.
 */
export function wordsOf(text: string): string[] {
  const words = new Set<string>();
  // Parted before it is folded: without its marks, Thai for one is not in the dictionary.
  for (const { segment, isWordLike } of segmenter.segment(text.normalize('NFKC'))) {
    if (isWordLike) words.add(fold(segment).slice(0, longestWord));
    if (words.size >= mostWords) break;
  }
  return [...words];
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
