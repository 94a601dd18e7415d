import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downloadJars, lockFile, readJars } from './jars.js';

/* After a change of docker/kafka/pom.xml: writes jars.lock.json anew from what Maven brings now. Read its diff. */

const folder = await mkdtemp(join(tmpdir(), 'kafka-jars-'));
try {
  await downloadJars({ folder, env: process.env, onFile: (name) => void process.stderr.write(`${name}\n`) });
  const lock = await readJars(folder);
  await writeFile(lockFile, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`Kafka ${lock.version}, ${lock.jars.length} jars\n`);
} finally {
  await rm(folder, { recursive: true });
}
