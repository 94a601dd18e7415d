import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { WebSocket } from 'ws';
import { memoryWithoutGarbage } from '../inspector.js';
import { cpuSecondsOf } from '../processes.js';
import type { ConnectionsJob, ConnectionsResult, Cost } from './job.js';

// Holds the connections of thousands of users, and sees how a change reaches all those of one of them.
const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ConnectionsJob;
const http = new Pool(job.url, { connections: 4, pipelining: 1 });
const openAtOnce = 200;
const betweenChangesMs = 100;
/** What the system has begun before it ends within this time. */
const calmMs = 3_000;

const sockets: WebSocket[] = [];
/** Arrivals of the last change at the connections of the one user. */
let arrivals: number[] = [];
let allArrived = (): void => undefined;

// Code that has run once, and connections that have come and gone, belong to what there is without connections.
await openAll(job.tokens.slice(0, 500));
for (const socket of sockets.splice(0)) socket.close();
for (let change = 0; change < job.warmUpChanges; change += 1) await command();
await sleep(calmMs);
const memoryWithout = await memoryWithoutGarbage(job.inspectorUrl);
const idleWithout = await idleCost();

const tokens = [...job.tokens, ...Array.from({ length: job.connectionsOfUser }, () => job.token)];
const began = performance.now();
const openCost = costs(await cpuSecondsOf(job.pid), await cpuAfter(openAll(tokens)), tokens.length);
const openSeconds = (performance.now() - began) / 1000;
await sleep(calmMs);
const memoryWith = await memoryWithoutGarbage(job.inspectorUrl);
const idleWith = await idleCost();

const changes: ConnectionsResult['changes'][number][] = [];
for (let change = -job.warmUpChanges; change < job.changes; change += 1) {
  await sleep(betweenChangesMs);
  arrivals = [];
  const arrived = new Promise<void>((resolve) => (allArrived = resolve));
  const requested = performance.now();
  await command();
  const acknowledged = performance.now();
  await Promise.race([arrived, sleep(30_000)]);
  const [first = 0, last = 0] = [arrivals.at(0), arrivals.at(-1)];
  if (arrivals.length !== job.connectionsOfUser) throw new Error(`a change reached ${arrivals.length} connections`);
  if (change < 0) continue;
  changes.push({
    afterAcknowledgement: Math.max(0, last - acknowledged),
    afterRequest: last - requested,
    firstToLast: last - first,
  });
}
const stillOpen = sockets.filter((socket) => socket.readyState === socket.OPEN).length;
if (stillOpen !== tokens.length) throw new Error(`${tokens.length - stillOpen} connections were lost`);
const result: ConnectionsResult = {
  connections: tokens.length,
  openSeconds,
  openCost,
  memory: { without: memoryWithout, with: memoryWith },
  idle: { without: idleWithout, with: idleWith },
  changes,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
for (const socket of sockets) socket.terminate();
await http.close();

async function openAll(all: readonly string[]): Promise<void> {
  let next = 0;
  const openSome = async (): Promise<void> => {
    for (let token = all[next]; token !== undefined; token = all[next]) {
      next += 1;
      sockets.push(await listen(token));
    }
  };
  await Promise.all(Array.from({ length: openAtOnce }, openSome));
}

async function listen(token: string): Promise<WebSocket> {
  const socket = new WebSocket(`${job.url.replace('http', 'ws')}/v1/live`, {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', (code) => reject(new Error(`a connection was closed with ${code}`)));
    socket.once('message', () => resolve());
  });
  if (token === job.token) {
    socket.on('message', () => {
      arrivals.push(performance.now());
      if (arrivals.length === job.connectionsOfUser) allArrived();
    });
  }
  return socket;
}

async function command(): Promise<void> {
  const response = await http.request({
    path: '/v1/tasks',
    method: 'POST',
    headers: { authorization: `Bearer ${job.token}`, 'content-type': 'application/json' },
    body: job.body,
  });
  await response.body.text();
  if (response.statusCode !== 201) throw new Error(`a command was answered with ${response.statusCode}`);
}

async function idleCost(): Promise<Cost> {
  return costs(await cpuSecondsOf(job.pid), await cpuAfter(sleep(job.idleSeconds * 1000)), job.idleSeconds);
}

async function cpuAfter(work: Promise<unknown>): Promise<ReadonlyMap<string, number>> {
  await work;
  return await cpuSecondsOf(job.pid);
}

/** Milliseconds of each program, for one of so many. */
function costs(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>, count: number): Cost {
  const names = [...after.keys()];
  return Object.fromEntries(
    names.map((name) => [name, (((after.get(name) ?? 0) - (before.get(name) ?? 0)) * 1000) / count]),
  );
}
