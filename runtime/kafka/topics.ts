import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Admin,
  alterPartitionReassignmentsV0,
  type ClusterMetadata,
  type ClusterPartitionMetadata,
  ConfigResourceTypes,
  IncrementalAlterConfigOperationTypes,
} from '@platformatic/kafka';
import type { KafkaAccess } from './access.js';
import { withAdmin } from './client.js';
import { type WantedTopic, wantedTopics } from './topic-table.js';

/** Survives the loss of one broker and loses nothing at that of two. */
const mostReplicas = 3;
const retries = 5;
const reassignTimeoutMs = 30_000;
const knownWithinMs = 30_000;
const knownPollMs = 50;

/**
 * Creates the topics that are missing and corrects those that are not as they shall be. Repeated, it changes nothing.
 * @returns a line for each thing that it changed, or could not change
 * @throws Error of the client when Kafka does not answer or refuses
 */
export async function ensureTopics(
  access: KafkaAccess,
  topics: readonly WantedTopic[] = wantedTopics,
): Promise<string[]> {
  return await withAdmin(access, retries, async (admin) => {
    const { brokers: known } = await admin.metadata({ topics: [], forceUpdate: true });
    const replicas = Math.min(mostReplicas, known.size);
    const lines: string[] = [];
    const existing = new Set(await admin.listTopics());
    for (const topic of topics.filter(({ name }) => !existing.has(name))) {
      lines.push(...(await createTopic(admin, topic, replicas)));
    }
    if (lines.length > 0) await areKnown(admin, topics);
    const names = topics.map(({ name }) => name).filter((name) => existing.has(name));
    if (names.length === 0) return lines;
    const cluster = await admin.metadata({ topics: names, forceUpdate: true });
    for (const topic of topics.filter(({ name }) => existing.has(name))) {
      lines.push(...(await correctTopic(admin, topic, cluster, replicas)));
    }
    return lines;
  });
}

/** A topic is there a moment before every broker knows of it, and whoever asks in between is told that there is none. */
async function areKnown(admin: Admin, topics: readonly WantedTopic[]): Promise<void> {
  const deadline = performance.now() + knownWithinMs;
  for (;;) {
    const known = new Set(await admin.listTopics());
    const missing = topics.find(({ name }) => !known.has(name));
    if (missing === undefined) return;
    if (performance.now() > deadline) throw new Error(`${missing.name} was created, but the brokers do not know of it`);
    await sleep(knownPollMs);
  }
}

async function createTopic(admin: Admin, topic: WantedTopic, replicas: number): Promise<string[]> {
  const { name, partitions } = topic;
  const configs = Object.entries(withInSync(topic, replicas)).map(([key, value]) => ({ name: key, value }));
  try {
    await admin.createTopics({ topics: [name], partitions, replicas, configs });
  } catch (error) {
    // Somebody else made it meanwhile, by the same table.
    if ((await admin.listTopics()).includes(name)) return [];
    throw error;
  }
  return [`created ${name}: ${count(partitions, 'partition')}, ${count(replicas, 'replica')}`];
}

async function correctTopic(
  admin: Admin,
  topic: WantedTopic,
  cluster: ClusterMetadata,
  wantedReplicas: number,
): Promise<string[]> {
  const { name } = topic;
  const found = cluster.topics.get(name)?.partitions ?? [];
  const lines: string[] = [];

  if (found.length < topic.partitions) {
    await admin.createPartitions({ topics: [{ name, count: topic.partitions, assignments: null }] });
    lines.push(`${name}: ${found.length} → ${count(topic.partitions, 'partition')}`);
  } else if (found.length > topic.partitions) {
    lines.push(
      `${name}: has ${count(found.length, 'partition')}, ${topic.partitions} would do; left so, partitions can only grow`,
    );
  }

  const moves = moreReplicas(found, [...cluster.brokers.keys()], wantedReplicas);
  if (moves.length > 0) {
    await reassign(admin, cluster.controllerId, name, moves);
    lines.push(`${name}: ${count(wantedReplicas, 'replica')} for ${count(moves.length, 'partition')} that had fewer`);
  }

  // A broker that is down for a moment must not loosen what a topic with more replicas promises.
  const replicas = Math.max(wantedReplicas, ...found.map((partition) => partition.replicas.length));
  return [...lines, ...(await correctSettings(admin, name, withInSync(topic, replicas), found))];
}

async function correctSettings(
  admin: Admin,
  name: string,
  settings: Readonly<Record<string, string>>,
  partitions: readonly ClusterPartitionMetadata[],
): Promise<string[]> {
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: name };
  const [described] = await admin.describeConfigs({
    resources: [{ ...resource, configurationKeys: Object.keys(settings) }],
  });
  const actual = new Map(described?.configs.map((config) => [config.name, config.value]));
  const lines: string[] = [];
  const changes = Object.entries(settings).filter(([key, value]) => {
    if (actual.get(key) === value) return false;
    // Writers would be refused until the new replicas have all of it.
    const isTooSoon = key === minInSync && partitions.some(({ isr }) => isr.length < Number(value));
    const change = `${name}: ${key} ${actual.get(key) ?? 'unset'} → ${value}`;
    lines.push(isTooSoon ? `${change} has to wait until the replicas are in sync; run this again` : change);
    return !isTooSoon;
  });
  if (changes.length > 0) {
    const configs = changes.map(([key, value]) => ({
      name: key,
      configOperation: IncrementalAlterConfigOperationTypes.SET,
      value,
    }));
    await admin.incrementalAlterConfigs({ resources: [{ ...resource, configs }] });
  }
  return lines;
}

const minInSync = 'min.insync.replicas';

/** With three replicas a write is acknowledged when two have it, and one broker may be away. */
function withInSync({ settings }: WantedTopic, replicas: number): Readonly<Record<string, string>> {
  return { ...settings, [minInSync]: replicas >= mostReplicas ? '2' : '1' };
}

export interface Reassignment {
  readonly partitionIndex: number;
  readonly replicas: number[];
}

/**
 * Which partitions have too few replicas, and where they shall be instead: where they are, and on the brokers that follow
 * in turn, so that each gets its share.
 */
export function moreReplicas(
  partitions: readonly Pick<ClusterPartitionMetadata, 'replicas'>[],
  brokers: readonly number[],
  replicas: number,
): Reassignment[] {
  return partitions.flatMap(({ replicas: present }, partitionIndex) => {
    if (present.length >= replicas) return [];
    const inTurn = brokers.map((_, place) => brokers[(partitionIndex + place) % brokers.length] ?? 0);
    const others = inTurn.filter((broker) => !present.includes(broker));
    return [{ partitionIndex, replicas: [...present, ...others].slice(0, replicas) }];
  });
}

async function reassign(admin: Admin, broker: number, name: string, moves: Reassignment[]): Promise<void> {
  const connection = (await admin.connectToBrokers([broker])).get(broker);
  if (!connection) throw new Error(`broker ${broker} cannot be reached`);
  await alterPartitionReassignmentsV0.api.async(connection, reassignTimeoutMs, true, [{ name, partitions: moves }]);
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
