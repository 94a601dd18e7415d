import type { KafkaAccess } from './access.js';

/**
 * The secrets that dapr-components/pubsub-kafka.yaml refers to. All of them are there, since daprd calls it an error when
 * one is not.
 */
export function kafkaSecrets({ brokers, sasl, tls }: KafkaAccess): Readonly<Record<string, string>> {
  return {
    'kafka-brokers': brokers,
    'kafka-auth-type': sasl ? 'password' : 'none',
    'kafka-sasl-username': sasl?.username ?? '',
    'kafka-sasl-password': sasl?.password ?? '',
    'kafka-sasl-mechanism': sasl?.mechanism.replace('SCRAM-', '') ?? '',
    'kafka-ca-cert': tls?.ca ?? '',
    'kafka-disable-tls': sasl && !tls ? 'true' : '',
  };
}
