import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer } from '@platformatic/kafka';
import { Pool } from 'undici';
import { quantile } from '../statistics.js';
import type { Arrivals, ArrivalsJob, Milliseconds } from './job.js';

// Sends commands at a steady rate and consumes their events; both ends are timed here, by one clock.
const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ArrivalsJob;
const http = new Pool(job.url, { connections: 64, pipelining: 1 });
/** A system that owes answers to the commands of this time, or refuses one, does not hold the rate. */
const longestBehind = { warmUpSeconds: 2, seconds: 0.5 };
const patienceMs = 60_000;

interface Command {
  readonly requested: number;
  readonly acknowledged: number;
  readonly taskId: string;
}

/** First arrivals of events, by their task: each command creates one. */
const arrived = new Map<string, number>();
const consumer = new Consumer({
  clientId: 'bench',
  groupId: `bench-${randomUUID()}`,
  bootstrapBrokers: job.brokers.split(','),
  autocommit: false,
});
const stream = await consumer.consume({ topics: ['task-events'], mode: 'latest' });
stream.on('data', ({ value }) => {
  const now = performance.now();
  const { data } = JSON.parse(value.toString()) as { data: { task_id: string } };
  if (!arrived.has(data.task_id)) arrived.set(data.task_id, now);
});

let sent = 0;
process.stdout.write(`${JSON.stringify(await measureAt(job.rate))}\n`);
await stream.close();
await consumer.close();
await http.close();

/** Of the commands after the warm-up; of all of them where the rate was not held that long. */
async function measureAt(rate: number): Promise<Arrivals> {
  const warmUp = Math.round(rate * job.warmUpSeconds);
  const total = warmUp + Math.round(rate * job.seconds);
  const sending: Promise<Command | null>[] = [];
  let [underWay, refused] = [0, 0];
  let isHeld = true;
  const began = performance.now();
  const use = performance.eventLoopUtilization();
  const sendOne = async (): Promise<Command | null> => {
    underWay += 1;
    const command = await send();
    underWay -= 1;
    if (command === null) refused += 1;
    return command;
  };
  for (let number = 0; number < total && isHeld; number += 1) {
    const early = began + (number / rate) * 1000 - performance.now();
    if (early > 1) await sleep(early);
    sending.push(sendOne());
    const behind = number < warmUp ? longestBehind.warmUpSeconds : longestBehind.seconds;
    isHeld = underWay < rate * behind && refused === 0;
  }
  const answered = (await Promise.all(sending)).filter((command) => command !== null);
  const commands = answered.length > warmUp ? answered.slice(warmUp) : answered;
  const ownUse = performance.eventLoopUtilization(use).utilization;
  await untilArrived(commands);
  return { rate, wasHeld: isHeld && answered.length === sending.length, ownUse, ...figuresOf(commands) };
}

/** @returns null where the system asks to try again later, as one does that has too much to do */
async function send(): Promise<Command | null> {
  const number = sent++;
  const requested = performance.now();
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
  if (response.statusCode === 503) return null;
  if (response.statusCode !== 201) throw new Error(`a command was answered with ${response.statusCode}`);
  return { requested, acknowledged: performance.now(), taskId: id };
}

async function untilArrived(commands: readonly Command[]): Promise<void> {
  const began = performance.now();
  for (;;) {
    const missing = commands.filter(({ taskId }) => !arrived.has(taskId)).length;
    if (missing === 0) return;
    if (performance.now() - began > patienceMs) throw new Error(`${missing} events never came to the consumer`);
    await sleep(100);
  }
}

function figuresOf(commands: readonly Command[]) {
  const of = (delay: (command: Command, arrival: number) => number): Milliseconds => {
    const sorted = commands
      .map((command) => Math.max(0, delay(command, arrived.get(command.taskId) ?? NaN)))
      .sort((a, b) => a - b);
    return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), most: quantile(sorted, 1) };
  };
  const early = commands.filter(({ taskId, acknowledged }) => (arrived.get(taskId) ?? NaN) <= acknowledged);
  return {
    messages: commands.length,
    beforeAcknowledgement: early.length / commands.length,
    afterAcknowledgement: of(({ acknowledged }, arrival) => arrival - acknowledged),
    afterRequest: of(({ requested }, arrival) => arrival - requested),
    acknowledgement: of(({ requested, acknowledged }) => acknowledged - requested),
  };
}
