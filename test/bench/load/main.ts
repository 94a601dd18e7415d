import { readFileSync } from 'node:fs';
import { createHistogram } from 'node:perf_hooks';
import autocannon from 'autocannon';
import type { LoadJob, LoadResult } from './job.js';

// A process of its own: what it spends on making requests is nobody's event loop. Job: a file; result: a line of JSON.
const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as LoadJob;
const headers = job.tokens.map((token) => ({ authorization: `Bearer ${token}` }));
let next = 0;

if (job.once) {
  const warmUp = Math.min(job.warmUp, job.calls.length - job.connections);
  if (warmUp > 0) await load({ amount: warmUp });
  process.stdout.write(`${JSON.stringify(await load({ amount: job.calls.length - next }))}\n`);
} else {
  if (job.warmUp > 0) await load({ seconds: job.warmUp });
  process.stdout.write(`${JSON.stringify(await load({ seconds: job.seconds }))}\n`);
}

/** @throws Error when an answer was not a success */
async function load({ amount, seconds }: { amount?: number; seconds?: number }): Promise<LoadResult> {
  // autocannon's own histogram counts whole milliseconds.
  const microseconds = createHistogram();
  let requests = 0;
  let last = 0;
  const began = performance.now();
  const end = seconds === undefined ? Infinity : began + seconds * 1000;

  await new Promise<void>((resolve, reject) => {
    const instance = autocannon(
      {
        url: job.url,
        connections: job.connections,
        pipelining: 1,
        timeout: 30,
        sampleInt: 50,
        ...(amount === undefined ? { duration: seconds ?? 0 } : { amount }),
        requests: [{ setupRequest: (request) => ({ ...request, ...nextRequest() }) }],
      },
      () => resolve(),
    );
    instance.on('response', (_client, status, _bytes, milliseconds) => {
      if (status >= 300) reject(new Error(`a request was answered with ${status}`));
      const now = performance.now();
      if (now > end) return;
      last = now;
      requests += 1;
      microseconds.record(Math.max(1, Math.round(milliseconds * 1000)));
    });
    instance.on('reqError', reject);
  });

  const took = ((seconds === undefined ? last : end) - began) / 1000;
  return {
    requests,
    requestsInAll: next,
    seconds: took,
    requestsPerSecond: requests / took,
    p50: microseconds.percentile(50) / 1000,
    p99: microseconds.percentile(99) / 1000,
  };
}

function nextRequest(): autocannon.Request {
  const number = next;
  next += 1;
  const call = job.calls[number % job.calls.length];
  if (!call) throw new Error('a job without calls');
  const { method, path, user, body } = call;
  return {
    method,
    path,
    headers: {
      ...headers[user],
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(job.keyPrefix !== null && { 'idempotency-key': `${job.keyPrefix}-${number}` }),
    },
    ...(body !== undefined && { body }),
  };
}
