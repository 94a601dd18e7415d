import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { KafkaAccess } from '../kafka/access.js';
import { kafkaSecrets } from '../kafka/secrets.js';
import { packageRoot } from '../package-root.js';

/** The components of the system on one machine, as paths in `dapr-components/`. */
export const localComponents: readonly string[] = [
  'local/secrets.yaml',
  'local/pubsub.yaml',
  'cron-reminders.yaml',
  'state-postgres.yaml',
  'resiliency.yaml',
];
/** The same with the topics on Kafka. */
const kafkaComponents: readonly string[] = localComponents.map((file) =>
  file === 'local/pubsub.yaml' ? 'pubsub-kafka.yaml' : file,
);
const localConfiguration = 'local/configuration.yaml';

/** The secrets that components take by reference, by their names. */
export interface Secrets {
  /** Where the state store keeps actor state: `postgresql://…`. */
  readonly 'database-url': string;
  readonly [name: string]: string;
}

/** What a sidecar on this machine is given: its components, and the secrets that they refer to. */
export function sidecarResources({ databaseUrl, kafka }: { databaseUrl: string; kafka: KafkaAccess | undefined }): {
  readonly components: readonly string[];
  readonly secrets: Secrets;
} {
  const secrets = { 'database-url': databaseUrl };
  if (!kafka) return { components: localComponents, secrets };
  return { components: kafkaComponents, secrets: { ...secrets, ...kafkaSecrets(kafka) } };
}

/** Paths within the folder that a sidecar is started in. */
export const resourcePaths = { components: 'components', configuration: 'configuration.yaml' } as const;

/** Makes the folder that holds the folders of the sidecars and what they share, without what earlier ones left there. */
export async function makeSidecarsFolder(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'run', 'dapr');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/**
 * Lays out the folder that a sidecar is started in: the shipped component files that were chosen, the configuration, and
 * the secrets, readable by this user alone.
 * @param folder made by this call
 * @param components paths in `dapr-components/`
 */
export async function writeResources(folder: string, components: readonly string[], secrets: Secrets): Promise<void> {
  const shipped = join(packageRoot, 'dapr-components');
  await mkdir(join(folder, resourcePaths.components), { recursive: true, mode: 0o700 });
  for (const file of components) {
    await cp(join(shipped, file), join(folder, resourcePaths.components, basename(file)));
  }
  await cp(join(shipped, localConfiguration), join(folder, resourcePaths.configuration));
  await writeFile(join(folder, 'secrets.json'), JSON.stringify(secrets), { mode: 0o600 });
}
