import { Pool } from 'undici';
import { taskTopics } from '../../../domain/events/topics.js';

/** The body of a bulk publish request. */
export interface Bulk {
  readonly body: string;
  readonly events: number;
}

/**
 * Publishes ready-made bulks, one after the other and from the first again, to all topics in turn, and does nothing else.
 * @param messages how many in all
 * @param underWay how many requests at once
 * @returns messages a second
 */
export async function publishAsIs(
  { url, apiToken }: { readonly url: string; readonly apiToken: string },
  bulks: readonly Bulk[],
  messages: number,
  underWay: number,
): Promise<number> {
  const http = new Pool(url, { connections: underWay, pipelining: 1 });
  let sent = 0;
  let requests = 0;
  const send = async (): Promise<void> => {
    while (sent < messages) {
      const bulk = bulks[Math.floor(requests / taskTopics.length) % bulks.length];
      const topic = taskTopics[requests % taskTopics.length] ?? taskTopics[0];
      requests += 1;
      sent += bulk?.events ?? 0;
      const { statusCode, body } = await http.request({
        path: `/v1.0-alpha1/publish/bulk/pubsub/${topic}`,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'dapr-api-token': apiToken },
        body: bulk?.body ?? '',
      });
      if (statusCode !== 204) throw new Error(`a bulk was answered with ${statusCode}: ${await body.text()}`);
      await body.dump();
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: underWay }, send));
  const seconds = (performance.now() - began) / 1000;
  await http.close();
  return sent / seconds;
}
