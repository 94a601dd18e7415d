import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { responseSchema, type OpenApi, type Operation } from '../support/openapi.js';

describe('/openapi.json', () => {
  let gateway: TestGateway;
  let document: OpenApi;
  before(async () => {
    gateway = await startTestGateway();
    document = (await gateway.call('GET', '/openapi.json', { user: '' })).json as OpenApi;
  });
  after(() => gateway.close());

  const operations = (): [string, string, Operation][] =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]): [string, string, Operation] => [path, method, operation]),
    );

  it('is OpenAPI 3.1 and has every call of the interface that there is', () => {
    expect(document.openapi).to.equal('3.1.0');
    const calls = operations().map(([path, method]) => `${method.toUpperCase()} ${path}`);
    expect(calls).to.have.members([
      'POST /v1/tasks',
      'GET /v1/tasks',
      'GET /v1/tasks/{id}',
      'PATCH /v1/tasks/{id}',
      'DELETE /v1/tasks/{id}',
      'POST /v1/tasks/{id}/complete',
      'POST /v1/tasks/{id}/reopen',
      'POST /v1/tasks/{id}/skip',
      'GET /v1/tasks/{id}/occurrences',
      'POST /v1/recurrence/preview',
      'GET /v1/changes',
      'GET /v1/audit',
      'GET /v1/reminders',
      'GET /v1/me',
      'PATCH /v1/me',
      'GET /v1/me/channels',
      'POST /v1/me/channels/{channel}/test',
      'GET /unsubscribe',
      'POST /unsubscribe',
      'POST /v1/import',
      'GET /v1/export',
      'GET /v1/live',
      'GET /openapi.json',
      'GET /healthz',
      'GET /readyz',
      'GET /metrics',
    ]);
    const ids = operations().map(([, , { operationId }]) => operationId);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('has every part that it refers to', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? '');
    expect(references).to.include('components/schemas/Task');
    for (const reference of references) {
      const target = reference
        .split('/')
        .reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], document);
      expect(target, reference).to.be.an('object');
    }
  });

  it('has schemas that are JSON Schema 2020-12', () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    addFormats.default(ajv);
    ajv.addSchema({ $id: 'doc', components: document.components }, undefined, false);
    ajv.addVocabulary(['components']);
    for (const [path, method, { parameters = [], requestBody, responses }] of operations()) {
      const schemas = [
        ...parameters.map(({ schema }) => schema),
        ...Object.values(requestBody?.content ?? {}).map(({ schema }) => schema),
        ...Object.keys(responses).flatMap((status) => responseSchema(document, path, method, Number(status)) ?? []),
      ];
      for (const schema of schemas) {
        const text = JSON.stringify(schema).replaceAll('"#/components', '"doc#/components');
        expect(() => ajv.compile(JSON.parse(text) as object), `${method} ${path} ${text}`).not.to.throw();
      }
    }
  });

  it('says of every call with a token which scope it needs, and how it refuses', () => {
    for (const [path, method, { security, responses, parameters = [] }] of operations()) {
      const name = `${method} ${path}`;
      if (path.startsWith('/v1/') && path !== '/v1/live') {
        // A preview changes nothing, though what it is asked does not fit into an address.
        const isRead = method === 'get' || path === '/v1/recurrence/preview';
        expect(security, name).to.deep.equal([{ bearer: [isRead ? 'tasks:read' : 'tasks:write'] }]);
        expect(Object.keys(responses), name).to.include.members(['400', '401', '403', '422', '503']);
      } else expect(security, name).to.deep.equal([]);
      const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map(([, placeholder]) => placeholder);
      const declared = parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name);
      expect(declared, name).to.deep.equal(placeholders);
    }
  });
});
