import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { daprCacheFolder, makeOnce } from '../dapr/cache.js';
import { OperatorError } from '../operator-error.js';
import type { Progress } from '../progress.js';
import { downloadLockedJars, hasAllJars, readJarsLock } from './jars.js';
import { findJava } from './java.js';

/** A Kafka that can be run. */
export interface KafkaProgram {
  readonly version: string;
  /** Absolute path of a `java` that is new enough. */
  readonly java: string;
  /** What `java -cp` takes. */
  readonly classPath: string;
}

export interface ObtainKafkaOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: Progress;
  /** Where Kafka is kept between starts; by default in the user's cache folder. */
  readonly cacheDir?: string;
  readonly signal?: AbortSignal;
  /** Fills a folder with the locked jars. */
  readonly download?: typeof downloadLockedJars;
}

/**
 * Apache Kafka for this machine without a container engine: the jars that `docker/kafka/jars.lock.json` names, through Maven
 * the first time and kept from then on, and the machine's own Java. Why so: docs/decisions/0008-real-kafka-without-containers.md
 * @throws OperatorError that says what is missing and what to do instead
 */
export async function obtainKafka(options: ObtainKafkaOptions): Promise<KafkaProgram> {
  const { env, progress, signal, download = downloadLockedJars } = options;
  const lock = await readJarsLock();
  const step = progress.step(`Kafka ${lock.version}`);
  try {
    const java = await findJava(env);
    const cacheDir = options.cacheDir ?? join(dirname(await daprCacheFolder(env)), 'kafka');
    await mkdir(cacheDir, { recursive: true, mode: 0o700 });
    const folder = join(cacheDir, lock.key);
    const isNew = await makeOnce({
      folder,
      isWhole: (path) => hasAllJars(path, lock),
      make: (making) => download(lock, step, { folder: making, env, signal }),
      onWait: () => step.update('another start is at it, waiting for it'),
      signal,
    });
    step.done(`${isNew ? 'SHA-256 of every jar as locked' : 'kept from an earlier start'}, on Java ${java.version}`);
    return { version: lock.version, java: java.command, classPath: join(folder, '*') };
  } catch (error) {
    step.fail('');
    signal?.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new OperatorError(
      [
        `Kafka could not be obtained: ${why}`,
        'Install a Java (17 or newer) and Maven, or start Kafka with docker compose -f docker-compose.kafka.yml up --detach,',
        'and set KAFKA_BROKERS to its address.',
      ].join('\n'),
      { cause: error },
    );
  }
}
