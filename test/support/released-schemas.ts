import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventVersion, taskEventSchema } from '../../domain/events/schema.js';
import { packageRoot } from '../../runtime/package-root.js';

/** Where the event schemas stand as they were released last, by their version. */
export const releasedSchemasFile = join(packageRoot, `test/released/event-schemas-${eventVersion}.json`);

/** @throws Error when no release had the version that is in force */
export async function readReleasedSchemas(): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await readFile(releasedSchemasFile, 'utf8')) as Readonly<Record<string, unknown>>;
}

if (process.argv[1]?.endsWith('released-schemas.js')) {
  await writeFile(releasedSchemasFile, `${JSON.stringify(taskEventSchema, null, 2)}\n`);
}
