/**
 * What is wrong with a list of brokers, `host:port` each, with commas between them; null when nothing is.
 * The text ends a sentence that begins with the setting's name.
 */
export function brokersFault(list: string): string | null {
  const wrong = list.split(',').find((broker) => !isHostAndPort(broker));
  return wrong === undefined ? null : `has "${wrong}" in it; write host:port, several with commas: localhost:9092`;
}

function isHostAndPort(broker: string): boolean {
  const match = /^(?:[\w.-]+|\[[0-9a-f:.]+\]):(\d{1,5})$/i.exec(broker);
  const port = Number(match?.[1]);
  return port > 0 && port <= 65_535;
}
