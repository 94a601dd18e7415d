import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { quantile } from '../statistics.js';
import type { SuccessorJob, SuccessorResult } from './job.js';

/** Between two lists, in milliseconds: the figures are larger than the truth by up to this much and a list. */
const pauseMs = 3;
/** One completion of so many is followed in the list: to ask for all would be most of the work. */
const oneOf = 5;
const longestMs = 30_000;

// Completes recurring tasks at a steady rate, and asks for the list until it has what follows.
const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as SuccessorJob;
const http = new Pool(job.url, { connections: 64, pipelining: 1 });
const warmUp = Math.round(job.rate * job.warmUpSeconds);
const total = warmUp + Math.round(job.rate * job.seconds);

const ids: string[] = [];
for (const numbers = Array.from({ length: total }, (_, number) => number); numbers.length > 0;) {
  ids.push(...(await Promise.all(numbers.splice(0, 32).map(create))));
}

const began = performance.now();
const delays: number[] = [];
const running: Promise<void>[] = [];
for (let number = 0; number < total; number += 1) {
  const early = began + (number / job.rate) * 1000 - performance.now();
  if (early > 1) await sleep(early);
  running.push(complete(number));
}
await Promise.all(running);
delays.sort((a, b) => a - b);
const result: SuccessorResult = {
  completions: delays.length,
  p50: quantile(delays, 0.5),
  p99: quantile(delays, 0.99),
  most: quantile(delays, 1),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
await http.close();

async function create(number: number): Promise<string> {
  const day = new Date().toISOString().slice(0, 10);
  const { id } = await call(number, 'POST', '/v1/tasks', 201, {
    title: 'Water the plants',
    tags: [tagOf(number)],
    due_date: `${day}T09:00`,
    time_zone: 'Europe/Berlin',
    recurrence: 'daily',
    reminders: [{ before: 'PT15M' }],
  });
  return String(id);
}

async function complete(number: number): Promise<void> {
  await call(number, 'POST', `/v1/tasks/${ids[number]}/complete`, 200);
  const acknowledged = performance.now();
  if (number % oneOf !== 0) return;
  for (;;) {
    const { tasks } = await call(number, 'GET', `/v1/tasks?status=open&tag=${tagOf(number)}`, 200);
    const now = performance.now();
    if (Array.isArray(tasks) && tasks.length > 0) {
      if (number >= warmUp) delays.push(now - acknowledged);
      return;
    }
    if (now - acknowledged > longestMs) throw new Error('a completed task has no successor');
    await sleep(pauseMs);
  }
}

function tagOf(number: number): string {
  return `${job.prefix}-${number}`;
}

async function call(number: number, method: 'GET' | 'POST', path: string, expected: number, body?: object) {
  const response = await http.request({
    path,
    method,
    headers: {
      authorization: `Bearer ${job.tokens[number % job.tokens.length]}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = await response.body.text();
  if (response.statusCode !== expected) throw new Error(`${method} ${path}: ${response.statusCode} ${answer}`);
  return JSON.parse(answer) as Readonly<Record<string, unknown>>;
}
