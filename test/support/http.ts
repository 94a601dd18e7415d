import { expect } from 'chai';
import type { Problem } from '../../domain/errors.js';
import type { Change, FactDetail } from '../../domain/events/event.js';
import type { Task } from '../../domain/task/task.js';
import type { ShownSettings } from '../../domain/user/settings.js';

/** One entry of `/v1/audit`. */
export interface AuditEntry {
  readonly seq: number;
  readonly event_id: string;
  readonly task_id: string;
  readonly version: number;
  readonly type: string;
  readonly timestamp: string;
  readonly actor: string;
  readonly before: Task | null;
  readonly after: Task | null;
  readonly detail?: FactDetail;
  readonly content_hash: string | null;
  readonly hash: string;
  readonly previous_hash: string;
}

/** An answer, read as the shape of the interface that a test expects; reading one of another content type fails. */
export class Reply {
  constructor(
    readonly status: number,
    readonly headers: Headers,
    readonly text: string,
  ) {}

  header(name: string): string | null {
    return this.headers.get(name);
  }
  /** The headers but for those that differ from answer to answer. */
  get steadyHeaders(): Record<string, string> {
    const { date: _date, 'x-request-id': _requestId, ...rest } = Object.fromEntries(this.headers);
    return rest;
  }
  get json(): unknown {
    return JSON.parse(this.text) as unknown;
  }
  get task(): Task {
    return this.read('application/json') as Task;
  }
  get page(): { tasks: Task[]; next_cursor: string | null } {
    return this.read('application/json') as { tasks: Task[]; next_cursor: string | null };
  }
  get feed(): { changes: Change[]; seq: number } {
    return this.read('application/json') as { changes: Change[]; seq: number };
  }
  get log(): { entries: AuditEntry[]; next_since: number | null } {
    return this.read('application/json') as { entries: AuditEntry[]; next_since: number | null };
  }
  get me(): ShownSettings & { user_id: string } {
    return this.read('application/json') as ShownSettings & { user_id: string };
  }
  get problem(): Problem {
    const problem = this.read('application/problem+json') as Problem;
    expect(problem.status, 'the status in the problem').to.equal(this.status);
    return problem;
  }
  /** `422 invalid`, and of each fault where it is. */
  get refusal(): string {
    const { status, code, errors = [] } = this.problem;
    return [status, code, ...errors.map((error) => error.pointer)].join(' ');
  }

  private read(contentType: string): unknown {
    expect(this.header('content-type'), `${this.status} ${this.text}`).to.equal(contentType);
    return this.json;
  }
}

export interface RequestOptions {
  /** Sent as JSON; text or bytes go out as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes a request; `token` goes into its Authorization header. */
export async function request(
  method: string,
  url: string,
  token: string | null,
  { body, headers }: RequestOptions = {},
): Promise<Reply> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
  });
  return new Reply(response.status, response.headers, await response.text());
}
