import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { taskActorId } from '../../domain/task/actor-id.js';
import type { TaskCommand } from '../../domain/task/commands.js';
import type { TestSystem } from './system.js';

/** Sends commands to Task actors as the gateway does, straight to a system's sidecar: to hang up when a test wants it. */
export class ActorCaller {
  private constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  static async of(system: TestSystem): Promise<ActorCaller> {
    const { daprd } = system.childPids();
    if (daprd === undefined) throw new Error('there is no sidecar');
    const { stdout } = spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(daprd)], { encoding: 'utf8' });
    const [, port] = /--dapr-http-port (\d+)/.exec(stdout) ?? [];
    const environment = (await readFile(`/proc/${daprd}/environ`, 'utf8')).split('\0');
    const token = environment.find((line) => line.startsWith('DAPR_API_TOKEN='))?.slice('DAPR_API_TOKEN='.length);
    return new ActorCaller(`http://127.0.0.1:${port}`, token ?? '');
  }

  /** @param signal hangs up; the promise rejects then */
  async execute(userId: string, taskId: string, command: TaskCommand, key: string, signal?: AbortSignal) {
    const response = await fetch(`${this.url}/v1.0/actors/Task/${taskActorId(userId, taskId)}/method/execute`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', 'dapr-api-token': this.token },
      body: JSON.stringify({
        command,
        actor: 'rest',
        command_id: randomUUID(),
        idempotency: { key, request_hash: key },
      }),
      ...(signal && { signal }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
}
