import type { IncomingHttpHeaders } from 'node:http';
import { TodoError } from '../domain/errors.js';

/** The entity tag of a task at a version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

// RFC 9110 section 8.8.3.
const tag = '(?:W/)?"[!#-~\\x80-\\xff]*"';
/** The values of `If-Match` and `If-None-Match`. */
export const entityTagsPattern = `^(?:\\*|${tag}(?:[ \\t]*,[ \\t]*${tag})*)$`;
const entityTags = new RegExp(entityTagsPattern);
const eachTag = new RegExp(tag, 'g');
const versionTag = /^"([1-9]\d{0,9})"$/;

/**
 * The versions that `If-Match` allows; null when it asks nothing but that the task exists. Weak tags and such as are not
 * ours never match (RFC 9110 section 13.1.1).
 * @throws TodoError `unreadable`
 */
export function expectedVersions(headers: IncomingHttpHeaders): readonly number[] | null {
  const tags = readTags(headers, 'if-match');
  if (tags === null || tags === '*') return null;
  return tags.flatMap((given) => {
    const version = versionTag.exec(given)?.[1];
    return version === undefined ? [] : [Number(version)];
  });
}

/**
 * True when `If-None-Match` names the tag: the caller has this very version (weak comparison, RFC 9110 section 13.1.2).
 * @throws TodoError `unreadable`
 */
export function isNotModified(headers: IncomingHttpHeaders, etag: string): boolean {
  const tags = readTags(headers, 'if-none-match');
  return tags !== null && (tags === '*' || tags.some((given) => given === etag || given === `W/${etag}`));
}

function readTags(headers: IncomingHttpHeaders, name: 'if-match' | 'if-none-match'): '*' | string[] | null {
  const header = headers[name];
  if (header === undefined) return null;
  if (!entityTags.test(header)) {
    throw new TodoError('unreadable', `The header ${name} must be * or a list of entity tags such as "3".`);
  }
  return header === '*' ? '*' : (header.match(eachTag) ?? []);
}
