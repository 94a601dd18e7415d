import type { IncomingHttpHeaders } from 'node:http';
import { TodoError } from '../domain/errors.js';

/** The entity tag of a task at a version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

// RFC 9110 section 8.8.3.
const entityTag = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;
const versionTag = /^"([1-9]\d{0,9})"$/;

/**
 * The versions that `If-Match` allows; null when it asks nothing but that the task exists. Weak tags and such as are not
 * ours never match (RFC 9110 section 13.1.1).
 * @throws TodoError `unreadable`
 */
export function expectedVersions(headers: IncomingHttpHeaders): readonly number[] | null {
  const tags = entityTags(headers, 'if-match');
  if (tags === null || tags === '*') return null;
  return tags.flatMap((tag) => {
    const version = versionTag.exec(tag)?.[1];
    return version === undefined ? [] : [Number(version)];
  });
}

/**
 * True when `If-None-Match` names the tag: the caller has this very version (weak comparison, RFC 9110 section 13.1.2).
 * @throws TodoError `unreadable`
 */
export function isNotModified(headers: IncomingHttpHeaders, etag: string): boolean {
  const tags = entityTags(headers, 'if-none-match');
  return tags !== null && (tags === '*' || tags.some((tag) => tag === etag || tag === `W/${etag}`));
}

function entityTags(headers: IncomingHttpHeaders, name: 'if-match' | 'if-none-match'): '*' | string[] | null {
  const header = headers[name];
  if (header === undefined) return null;
  if (header.trim() === '*') return '*';
  const tags = header.match(/(?:W\/)?"[^"]*"|[^\s,]+/g) ?? [];
  if (tags.length > 0 && tags.every((tag) => entityTag.test(tag))) return tags;
  throw new TodoError('unreadable', `The header ${name} must be * or a list of entity tags such as "3".`);
}
