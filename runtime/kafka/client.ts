import { Admin } from '@platformatic/kafka';
import type { KafkaAccess } from './access.js';

const answerTimeoutMs = 10_000;

/** What each client of Kafka is made with. */
export function connectionTo({ brokers, sasl, tls }: KafkaAccess) {
  return {
    bootstrapBrokers: brokers.split(','),
    timeout: answerTimeoutMs,
    connectTimeout: answerTimeoutMs,
    autocreateTopics: false,
    ...(sasl && { sasl }),
    // Servers of several names choose the certificate by it (RFC 6066 section 3), which forbids addresses.
    ...(tls && { tls, tlsServerName: !/^[\d.]+:|^\[/.test(brokers) }),
  } as const;
}

/**
 * Opens a connection to ask Kafka and to change what it holds, carries out the work, and closes it again.
 * @param retries how often a request is repeated
 */
export async function withAdmin<T>(
  access: KafkaAccess,
  retries: number,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = new Admin({
    clientId: 'todo-chatbot',
    ...connectionTo(access),
    retries,
  });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}
