/**
 * The secrets that dapr-components/pubsub-kafka.yaml refers to, for brokers that let in everybody without TLS. All of them
 * are there, since daprd calls it an error when one is not.
 * @param brokers `host:port`, several with commas
 */
export function kafkaSecrets(brokers: string): Readonly<Record<string, string>> {
  return {
    'kafka-brokers': brokers,
    'kafka-auth-type': 'none',
    'kafka-sasl-username': '',
    'kafka-sasl-password': '',
    'kafka-sasl-mechanism': '',
    'kafka-ca-cert': '',
    'kafka-disable-tls': '',
  };
}
