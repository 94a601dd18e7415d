import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Router from '@koa/router';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { packageRoot } from '../../runtime/package-root.js';
import { startSample } from './sample.js';

interface Resource {
  readonly metadata: { readonly name: string };
  readonly scopes?: readonly string[];
}

const files = [
  'pubsub-kafka.yaml',
  'state-postgres.yaml',
  'cron-reminders.yaml',
  'secrets-k8s.yaml',
  'resiliency.yaml',
] as const;

/** Every resource of these files, by its name. */
async function resources(): Promise<Map<string, Resource>> {
  const found = new Map<string, Resource>();
  for (const file of files) {
    const text = await readFile(join(packageRoot, 'dapr-components', file), 'utf8');
    for (const document of parseAllDocuments(text)) {
      const resource = document.toJS() as Resource;
      found.set(resource.metadata.name, resource);
    }
  }
  return found;
}

describe('the scopes of the components', function () {
  this.timeout('30m');

  it('are as docs/dapr-components.md says', async () => {
    const text = await readFile(join(packageRoot, 'docs', 'dapr-components.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `([a-z-]+)` \| `[a-z0-9-]+\.yaml` \| .* \| ([a-z`, -]+) \|$/gm)];
    const documented = rows.map(([, name, apps = '']) => [name, apps.replaceAll('`', '').split(', ')]);
    const actual = [...(await resources())].map(([name, { scopes = [] }]) => [name, scopes]);
    expect(documented).to.deep.equal(actual);
  });

  it('keep an app that is not named from loading anything, whatever it is given', async () => {
    const sample = await startSample({
      appId: 'todo-stranger',
      app: new Router(),
      components: files,
    });
    const metadata = await (await sample.call('GET', 'metadata')).json();
    expect(metadata).to.include({ id: 'todo-stranger' }).and.not.to.include.any.keys('components', 'resiliency');
    await sample.stop();
  });
});
