import { readNeededKafkaAccess } from './access.js';
import { ensureTopics } from './topics.js';

/** Creates or corrects the topics on `KAFKA_BROKERS`: a line for each change on stdout, exit code 2 for a wrong setting. */
async function main(): Promise<void> {
  const problems: string[] = [];
  const access = readNeededKafkaAccess(process.env, problems);
  if (!access) {
    process.stderr.write(`${problems.join('\n')}\n`);
    process.exitCode = 2;
    return;
  }
  try {
    const lines = await ensureTopics(access);
    process.stdout.write(`${lines.length === 0 ? 'all topics are as they shall be' : lines.join('\n')}\n`);
  } catch (error) {
    process.stderr.write(`Kafka at ${access.brokers}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

await main();
