import type { CommittedEvent } from '../../domain/events/event.js';

/** Bytes of what is handed to daprd at once: far under its 4 MiB, and enough for hundreds of events. */
const mostBytes = 1024 * 1024;

/** Parts events, in their order, into what daprd takes at once. */
export function inChunks(events: readonly CommittedEvent[]): CommittedEvent[][] {
  const chunks: CommittedEvent[][] = [];
  let bytes = mostBytes;
  for (const event of events) {
    const size = estimatedBytes(event);
    if (bytes + size > mostBytes) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)?.push(event);
    bytes += size;
  }
  return chunks;
}

/** A bound on an event's size in JSON: only what people write can be long, and a character takes at most 6 bytes. */
function estimatedBytes({ before, after }: CommittedEvent): number {
  let characters = 0;
  for (const task of [before, after]) {
    if (task) characters += task.title.length + task.description.length + task.tags.join('","').length;
  }
  return 4_000 + 6 * characters;
}
