import { Admin } from '@platformatic/kafka';

const answerTimeoutMs = 10_000;

/**
 * Opens a connection to ask Kafka and to change what it holds, carries out the work, and closes it again.
 * @param brokers `host:port`, several with commas
 * @param retries how often a request is repeated
 */
export async function withAdmin<T>(brokers: string, retries: number, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({
    clientId: 'todo-chatbot',
    bootstrapBrokers: brokers.split(','),
    retries,
    timeout: answerTimeoutMs,
    connectTimeout: answerTimeoutMs,
    autocreateTopics: false,
  });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}
