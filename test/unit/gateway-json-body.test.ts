import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { TodoError } from '../../domain/errors.js';
import { readJson } from '../../gateway/middleware/json-body.js';
import { recordingActor, someTask, startTestGateway, type CallOptions, type TestGateway } from '../support/gateway.js';

describe('a JSON body', () => {
  const actor = recordingActor();
  let gateway: TestGateway;
  before(async () => {
    gateway = await startTestGateway({ command: actor.command });
  });
  after(() => gateway.close());

  const create = (options: CallOptions) => gateway.call('POST', '/v1/tasks', options);
  async function refusal(options: CallOptions): Promise<[number, string]> {
    const before = actor.sent.length;
    const { status, problem } = await create(options);
    expect(actor.sent).to.have.length(before);
    return [status, problem.code];
  }

  it('may be application/json, with or without charset=utf-8', async () => {
    for (const type of ['application/json', 'Application/JSON; charset=UTF-8', 'application/json;charset="utf-8"']) {
      const { status } = await create({ body: { title: 'x' }, headers: { 'content-type': type } });
      expect([type, status]).to.deep.equal([type, 201]);
    }
  });

  it('of another type, charset or encoding is 415', async () => {
    for (const type of ['text/plain', 'application/xml', '', 'application/json; charset=latin1', 'application/jsonp']) {
      expect([type, ...(await refusal({ body: '{"title":"x"}', headers: { 'content-type': type } }))]).to.deep.equal([
        type,
        415,
        'unsupported_media_type',
      ]);
    }
    const gzip = await refusal({ body: { title: 'x' }, headers: { 'content-encoding': 'gzip' } });
    expect(gzip).to.deep.equal([415, 'unsupported_media_type']);
  });

  it('that is no JSON, no UTF-8, or not there is 400', async () => {
    for (const body of ['{', 'title=x', '{"title":"x"}}', "{'title':'x'}", '\ufeff{"title":"x"}', ' ']) {
      expect([body, ...(await refusal({ body }))]).to.deep.equal([body, 400, 'unreadable']);
    }
    expect(await refusal({ body: Buffer.from('{"title":"\xff"}', 'latin1') })).to.deep.equal([400, 'unreadable']);
    expect(await refusal({})).to.deep.equal([400, 'unreadable']);
  });

  it('nested deeper than anything could be is 400', async () => {
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    expect(await refusal({ body: deep })).to.deep.equal([400, 'unreadable']);
  });

  it('of more than a MiB is 413, whether it says so before or not', async () => {
    expect(await refusal({ body: `"${'x'.repeat(1024 * 1024)}"` })).to.deep.equal([413, 'payload_too_large']);
    const sent = httpRequest(`${gateway.url}/v1/tasks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await gateway.token('alice')}`, 'content-type': 'application/json' },
    });
    const [response] = await Promise.all([
      once(sent, 'response') as Promise<[{ statusCode: number; resume(): void }]>,
      new Promise<void>((resolve) => {
        for (let chunk = 0; chunk < 20; chunk += 1) sent.write('x'.repeat(100_000));
        sent.end(resolve);
      }),
    ]);
    response[0].resume();
    expect(response[0].statusCode).to.equal(413);
  });

  it('names each unknown field, `__proto__` as well', async () => {
    const { refusal } = await create({ body: '{"title":"x","color":"red","__proto__":{"a":1}}' });
    expect(refusal).to.equal('422 invalid /color /__proto__');
  });

  it('is not needed to complete or reopen; there it is empty or {}', async () => {
    const path = `/v1/tasks/${someTask().id}/reopen`;
    expect((await gateway.call('POST', path)).status).to.equal(200);
    expect((await gateway.call('POST', path, { body: {} })).status).to.equal(200);
    expect((await gateway.call('POST', path, { body: { at: 'now' } })).status).to.equal(422);
  });

  it('that does not arrive in time is 408', async () => {
    const server = createServer((request, response) => {
      const read = readJson(request, { contentTypes: ['application/json'], required: true }, 50);
      read.catch((error: unknown) => response.end(error instanceof TodoError ? error.code : String(error)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const sent = httpRequest(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    sent.write('{"title":');
    const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer>];
    let text = '';
    for await (const chunk of response) text += chunk.toString();
    expect(text).to.equal('request_timeout');
    sent.destroy();
    server.close();
  });
});
