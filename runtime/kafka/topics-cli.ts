import { brokersFault } from './brokers.js';
import { ensureTopics } from './topics.js';

/** Creates or corrects the topics on `KAFKA_BROKERS`: a line for each change on stdout, exit code 2 for a wrong setting. */
async function main(): Promise<void> {
  const brokers = process.env['KAFKA_BROKERS']?.trim() ?? '';
  const fault = brokers === '' ? 'is not set; write host:port, such as localhost:9092' : brokersFault(brokers);
  if (fault !== null) {
    process.stderr.write(`KAFKA_BROKERS ${fault}\n`);
    process.exitCode = 2;
    return;
  }
  try {
    const lines = await ensureTopics(brokers);
    process.stdout.write(`${lines.length === 0 ? 'all topics are as they shall be' : lines.join('\n')}\n`);
  } catch (error) {
    process.stderr.write(`Kafka at ${brokers}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

await main();
