import type { Pool } from 'undici';
import { TodoError } from '../../domain/errors.js';
import { asError } from './refusal.js';

const callTimeoutMs = 5_000;
/** What a turn waits for; it has two seconds in all. */
const turnTimeoutMs = 2_000;
const day = 24 * 3_600;
/** A reminder that is due later comes at this time, in seconds: Go's durations, and with them Dapr's, have an end. */
const latestDue = 365 * day;

export interface ActorRef {
  readonly type: string;
  readonly id: string;
}

/** Calls of actors, and what an actor asks of the sidecar that hosts it: of that one only, and in a turn of its own. */
export interface ActorCalls {
  /** Calls a method of an actor, once. @throws TodoError the actor's own, or `unavailable`: nobody knows what became of it */
  call(actor: ActorRef, method: string, body: object): Promise<unknown>;
  /** @returns undefined when there is nothing under the key */
  readState(actor: ActorRef, key: string): Promise<unknown>;
  /** Writes the value of a key, or takes it away, in a transaction. */
  writeState(actor: ActorRef, key: string, value: object | null): Promise<void>;
  /** Registers a periodic reminder, in place of one of the same name. Both in milliseconds; to the second. */
  setReminder(actor: ActorRef, name: string, due: { readonly inMs: number; readonly everyMs: number }): Promise<void>;
  deleteReminder(actor: ActorRef, name: string): Promise<void>;
  /** Has the actor's timer called once, unless the sidecar ends before. */
  setTimer(actor: ActorRef, name: string, inMs: number): Promise<void>;
}

export interface SidecarActorsOptions {
  /** The connections to the sidecar, as soon as there is one. */
  readonly http: () => Promise<Pool>;
  readonly apiToken: string;
}

/** Speaks daprd's "Actors API". */
export class SidecarActors implements ActorCalls {
  constructor(private readonly options: SidecarActorsOptions) {}

  async call(actor: ActorRef, method: string, body: object): Promise<unknown> {
    const { status, text, isRefusal } = await this.send('PUT', actor, `method/${method}`, body, callTimeoutMs);
    if (status !== 200) throw failed(`the call of ${method}`, status, text);
    const answer: unknown = JSON.parse(text);
    if (isRefusal) throw asError(answer);
    return answer;
  }

  async readState(actor: ActorRef, key: string): Promise<unknown> {
    const { status, text } = await this.send('GET', actor, `state/${key}`);
    if (status === 204) return undefined;
    if (status !== 200) throw failed('reading actor state', status, text);
    return JSON.parse(text);
  }

  writeState(actor: ActorRef, key: string, value: object | null): Promise<void> {
    const operation = value
      ? { operation: 'upsert', request: { key, value } }
      : { operation: 'delete', request: { key } };
    return this.change('POST', actor, 'state', [operation]);
  }

  setReminder(actor: ActorRef, name: string, due: { inMs: number; everyMs: number }): Promise<void> {
    const dueTime = Math.min(Math.max(0, Math.floor(due.inMs / 1000)), latestDue);
    const body = { dueTime: `${dueTime}s`, period: `${Math.round(due.everyMs / 1000)}s` };
    return this.change('POST', actor, `reminders/${name}`, body);
  }

  deleteReminder(actor: ActorRef, name: string): Promise<void> {
    return this.change('DELETE', actor, `reminders/${name}`);
  }

  setTimer(actor: ActorRef, name: string, inMs: number): Promise<void> {
    return this.change('POST', actor, `timers/${name}`, { dueTime: `${Math.max(0, Math.ceil(inMs))}ms` });
  }

  private async change(method: 'POST' | 'DELETE', actor: ActorRef, what: string, body?: object): Promise<void> {
    const { status, text } = await this.send(method, actor, what, body);
    if (status !== 204 && status !== 200) throw failed(`${method} ${what} of an actor`, status, text);
  }

  private async send(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    { type, id }: ActorRef,
    what: string,
    body?: object,
    timeoutMs = turnTimeoutMs,
  ): Promise<{ status: number; text: string; isRefusal: boolean }> {
    try {
      const http = await this.options.http();
      const response = await http.request({
        path: `/v1.0/actors/${type}/${id}/${what}`,
        method,
        headers: { 'content-type': 'application/json', 'dapr-api-token': this.options.apiToken },
        ...(body && { body: JSON.stringify(body) }),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      const isRefusal = response.headers['x-daprerrorresponseheader'] !== undefined;
      return { status: response.statusCode, text: await response.body.text(), isRefusal };
    } catch (cause) {
      throw new TodoError('unavailable', 'The sidecar did not answer in time.', [], { cause });
    }
  }
}

function failed(what: string, status: number, text: string): TodoError {
  return new TodoError('unavailable', `${what} was answered ${status}: ${text.slice(0, 500)}`);
}
