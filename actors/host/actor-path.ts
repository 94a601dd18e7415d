/** What a call of daprd is about. */
export interface ActorPath {
  readonly type: string;
  readonly id: string;
  readonly kind: 'actor' | 'method' | 'remind' | 'timer';
  /** Of the method, the reminder or the timer; empty for the actor itself. */
  readonly name: string;
}

/**
 * Reads `/actors/{type}/{id}[/method/{method}|/method/remind/{name}|/method/timer/{name}]`.
 * daprd puts the id into the path as it is and Go escapes what it must, so each part is unescaped here once.
 * @param url of the request, with or without a query
 * @returns undefined for any other path
 */
export function readActorPath(url: string): ActorPath | undefined {
  const query = url.indexOf('?');
  const parts = (query < 0 ? url : url.slice(0, query)).split('/');
  if (parts[0] !== '' || parts[1] !== 'actors') return undefined;
  const type = unescape(parts[2]);
  const id = unescape(parts[3]);
  if (!type || !id) return undefined;
  if (parts.length === 4) return { type, id, kind: 'actor', name: '' };
  if (parts[4] !== 'method') return undefined;
  if (parts.length === 6) return named(type, id, 'method', parts[5]);
  const kind = parts[5];
  return kind === 'remind' || kind === 'timer' ? named(type, id, kind, parts.slice(6).join('/')) : undefined;
}

function named(type: string, id: string, kind: ActorPath['kind'], part: string | undefined): ActorPath | undefined {
  const name = unescape(part);
  return name ? { type, id, kind, name } : undefined;
}

function unescape(part: string | undefined): string | undefined {
  if (!part?.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined; // A broken escape names nothing that is here.
  }
}
