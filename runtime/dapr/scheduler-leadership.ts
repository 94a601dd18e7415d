import { loopback } from './ports.js';

/** Where the scheduler says in its etcd that it leads; the end of a range is its start with the last byte one higher. */
const leaders = { key: base64('dapr/leadership/'), range_end: base64('dapr/leadership0') };

interface Leader {
  readonly key: string;
  readonly create_revision: string;
  /** Protocol Buffers, with the scheduler's address in it; base64. */
  readonly value: string;
}

/**
 * Looks whether the scheduler leads, and takes away the leadership of a scheduler that was killed: its lease would keep the
 * new one waiting for 20 s, and daprd with it. There is one scheduler on a data folder, so whoever else leads is gone.
 * @param etcdPort the scheduler's etcd, whose JSON interface this uses
 * @param address what the scheduler was told to broadcast, `host:port`
 * @param last what this returned for the life before, when the address has been the same
 * @returns what tells this life of the scheduler from others, undefined while it does not lead
 */
export async function takeLeadership(
  etcdPort: number,
  address: string,
  last: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  let own: string | undefined;
  for (const leader of readLeaders(await ask(etcdPort, 'kv/range', leaders, signal))) {
    const isOurs = Buffer.from(leader.value, 'base64').includes(address) && leader.create_revision !== last;
    if (isOurs) own = leader.create_revision;
    else await remove(etcdPort, leader, signal);
  }
  return own;
}

/** Removes just this one, not one that took its place meanwhile. */
async function remove(etcdPort: number, { key, create_revision }: Leader, signal: AbortSignal): Promise<void> {
  const compare = [{ key, target: 'CREATE', create_revision }];
  await ask(etcdPort, 'kv/txn', { compare, success: [{ request_delete_range: { key } }] }, signal);
}

async function ask(etcdPort: number, method: string, body: unknown, signal: AbortSignal): Promise<unknown> {
  const answer = await fetch(`http://${loopback}:${etcdPort}/v3/${method}`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal,
  });
  if (!answer.ok) throw new Error(`etcd answers ${answer.status} to ${method}: ${await answer.text()}`);
  return await answer.json();
}

function readLeaders(answer: unknown): Leader[] {
  if (typeof answer !== 'object' || answer === null || !('kvs' in answer) || !Array.isArray(answer.kvs)) return [];
  return answer.kvs.filter(isLeader);
}

function isLeader(value: unknown): value is Leader {
  if (typeof value !== 'object' || value === null) return false;
  const hasText = (name: string): boolean => typeof Object.getOwnPropertyDescriptor(value, name)?.value === 'string';
  return ['key', 'create_revision', 'value'].every(hasText);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
