import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { taskEventSchema } from '../../domain/events/schema.js';
import { packageRoot } from '../../runtime/package-root.js';

/** Where the generated types stand, as their sources. */
export const generatedTypesFile = join(packageRoot, 'domain/events/generated.ts');

/** Generates the TypeScript types of the events from their JSON Schemas. */
export async function generateEventTypes(): Promise<string> {
  // A copy, since the generator writes into what it is given.
  const schema = JSON.parse(JSON.stringify(taskEventSchema).replaceAll('#/$defs/', '#/definitions/')) as {
    $defs: object;
  };
  const { $defs: definitions, ...rest } = schema;
  return compile({ ...rest, definitions } as JSONSchema, 'TaskEventData', {
    bannerComment: '// Generated from domain/events/schema.ts by `npm run types`; do not edit.',
    style: { singleQuote: true, printWidth: 110 },
    unreachableDefinitions: true,
  });
}

if (process.argv[1]?.endsWith('event-types.js')) {
  await writeFile(generatedTypesFile, await generateEventTypes());
}
