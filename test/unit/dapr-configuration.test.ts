import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { packageRoot } from '../../runtime/package-root.js';

interface AccessControl {
  readonly defaultAction: string;
  readonly policies: readonly {
    readonly appId: string;
    readonly defaultAction: string;
    readonly operations: readonly { readonly name: string; readonly httpVerb: string[]; readonly action: string }[];
  }[];
}

/** Where the code of each app is, by its id in the split shape. */
const folders = {
  'todo-chatbot': 'actors',
  'todo-gateway': 'gateway',
  'todo-audit': 'subscribers/audit',
  'todo-notification': 'subscribers/notification',
  'todo-recurrence': 'subscribers/recurrence',
  'todo-websocket': 'subscribers/websocket',
};

describe('the access control of dapr-components/configuration.yaml', () => {
  let accessControl: AccessControl;

  before(async () => {
    const text = await readFile(join(packageRoot, 'dapr-components', 'configuration.yaml'), 'utf8');
    ({ accessControl } = (parse(text) as { spec: { accessControl: AccessControl } }).spec);
  });

  it('lets each role ask what its code asks of other roles, and nothing else', async () => {
    const asked = new Map<string, string[]>();
    for (const [appId, folder] of Object.entries(folders)) {
      const methods = await methodsAsked(join(packageRoot, folder));
      if (methods.length > 0) asked.set(appId, methods);
    }
    const allowed = accessControl.policies.map(
      ({ appId, operations }) => [appId, operations.map(({ name }) => name.replace('/roles/', ''))] as const,
    );
    expect(Object.fromEntries(allowed)).to.deep.equal(Object.fromEntries(asked));
  });

  it('denies whatever it does not name', () => {
    expect(accessControl.defaultAction).to.equal('deny');
    for (const { defaultAction, operations } of accessControl.policies) {
      expect(defaultAction).to.equal('deny');
      for (const { httpVerb, action } of operations) expect([httpVerb, action]).to.deep.equal([['POST'], 'allow']);
    }
  });
});

/** The methods in `dapr.invoke('role', 'method', …)`, sorted. */
async function methodsAsked(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  const methods = new Set<string>();
  for (const file of files.filter((name) => name.endsWith('.ts'))) {
    const text = await readFile(join(folder, file), 'utf8');
    for (const [, method = ''] of text.matchAll(/\.invoke\(\s*'[a-z]+',\s*'([a-z-]+)'/g)) methods.add(method);
  }
  return [...methods].sort();
}
