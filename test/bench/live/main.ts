import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { WebSocket } from 'ws';
import { quantile } from '../statistics.js';
import type { LiveJob, LiveResult } from './job.js';

// Sends commands at a steady rate and listens to the live feed of their users; both ends are timed here, by one clock.
const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as LiveJob;
const http = new Pool(job.url, { connections: 64, pipelining: 1 });
const acknowledged = new Map<string, number>();
const shown = new Map<string, number>();
const feeds = await Promise.all(job.tokens.map(listen));

const warmUp = Math.round(job.rate * job.warmUpSeconds);
const total = warmUp + Math.round(job.rate * job.seconds);
const began = performance.now();
const sending: Promise<void>[] = [];
for (let number = 0; number < total; number += 1) {
  const early = began + (number / job.rate) * 1000 - performance.now();
  if (early > 1) await sleep(early);
  sending.push(send(number));
}
await Promise.all(sending);
const measured = [...acknowledged.keys()].slice(warmUp);
for (let patience = 100; measured.some((id) => !shown.has(id)); patience -= 1) {
  if (patience === 0) throw new Error('some changes were never shown');
  await sleep(100);
}
const delays = measured.map((id) => (shown.get(id) ?? 0) - (acknowledged.get(id) ?? 0)).sort((a, b) => a - b);
const result: LiveResult = {
  frames: delays.length,
  beforeAcknowledgement: delays.filter((delay) => delay <= 0).length / delays.length,
  p50: Math.max(0, quantile(delays, 0.5)),
  p99: Math.max(0, quantile(delays, 0.99)),
  most: Math.max(0, quantile(delays, 1)),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
for (const feed of feeds) feed.terminate();
await http.close();

async function send(number: number): Promise<void> {
  const response = await http.request({
    path: '/v1/tasks',
    method: 'POST',
    headers: {
      authorization: `Bearer ${job.tokens[number % job.tokens.length]}`,
      'content-type': 'application/json',
      'idempotency-key': `${job.keyPrefix}-${number}`,
    },
    body: job.bodies[number % job.bodies.length] ?? '',
  });
  const { id } = (await response.body.json()) as { id: string };
  if (response.statusCode !== 201) throw new Error(`a command was answered with ${response.statusCode}`);
  acknowledged.set(id, performance.now());
}

async function listen(token: string): Promise<WebSocket> {
  const socket = new WebSocket(`${job.url.replace('http', 'ws')}/v1/live`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      const now = performance.now();
      const frame = JSON.parse(data.toString()) as { type: string; task_id?: string };
      if (frame.type === 'ready') resolve();
      else if (frame.task_id !== undefined) shown.set(frame.task_id, now);
    });
  });
  return socket;
}
