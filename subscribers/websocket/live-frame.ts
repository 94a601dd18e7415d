import { toChange, type CommittedEvent } from '../../domain/events/event.js';

/** A change as it goes over the wire: written once, however many connections it is sent to. */
export interface LiveFrame {
  readonly seq: number;
  readonly bytes: Buffer;
}

export function toFrame(event: CommittedEvent): LiveFrame {
  return { seq: event.seq, bytes: Buffer.from(JSON.stringify(toChange(event))) };
}
