import { expect } from 'chai';
import type { Change } from '../../domain/events/event.js';
import type { Task } from '../../domain/task/task.js';
import type { Reply, RequestOptions } from './http.js';
import { LiveClient } from './live-client.js';
import type { TestSystem } from './system.js';

/** One user of a system, with a token for everything. */
export class TestUser {
  constructor(
    readonly system: TestSystem,
    readonly id: string,
    readonly token: string,
  ) {}

  request(method: string, path: string, options?: RequestOptions): Promise<Reply> {
    return this.system.request(method, path, this.token, options);
  }
  get(path: string, headers: Record<string, string> = {}): Promise<Reply> {
    return this.request('GET', path, { headers });
  }
  post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    return this.request('POST', path, { headers, ...(body !== undefined && { body }) });
  }
  patch(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    return this.request('PATCH', path, { body, headers });
  }
  delete(path: string, headers: Record<string, string> = {}): Promise<Reply> {
    return this.request('DELETE', path, { headers });
  }

  /** Creates a task; anything but 201 fails. */
  async create(fields: Readonly<Record<string, unknown>> & { title: string }): Promise<Task> {
    const reply = await this.post('/v1/tasks', fields);
    expect(reply.status, reply.text).to.equal(201);
    return reply.task;
  }
  /** Creates tasks one after the other, so that they are in the order of their creation. */
  async createAll(...tasks: (Readonly<Record<string, unknown>> & { title: string })[]): Promise<Task[]> {
    const created: Task[] = [];
    for (const fields of tasks) created.push(await this.create(fields));
    return created;
  }
  /** The titles of a list. @param query `status=open&sort=title` */
  async titles(query = ''): Promise<string[]> {
    const reply = await this.get(`/v1/tasks?${query}`);
    expect(reply.status, reply.text).to.equal(200);
    return reply.page.tasks.map((task) => task.title);
  }
  async changes(since = 0): Promise<Change[]> {
    return (await this.get(`/v1/changes?since=${since}&limit=1000`)).feed.changes;
  }
  /** Opens the live feed. @param since the seq to go on after; not given: from now on */
  live(since?: number): Promise<LiveClient> {
    return LiveClient.open(this.system.url, this.token, since);
  }
}
