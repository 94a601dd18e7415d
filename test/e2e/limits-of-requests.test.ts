import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { sharedSystem } from '../support/system.js';
import type { TestUser } from '../support/test-user.js';

describe('a request that is too much', () => {
  const system = sharedSystem();
  let alice: TestUser;
  before(async () => {
    alice = await system().newUser();
  });

  /** Sends lines as they are and gives back all that comes until the server closes. */
  async function raw(...lines: string[]): Promise<string> {
    const { hostname, port } = new URL(system().url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(`${lines.join('\r\n')}\r\n`);
    return await text(socket);
  }
  const post = (...headers: string[]) => [
    'POST /v1/tasks HTTP/1.1',
    'Host: localhost',
    `Authorization: Bearer ${alice.token}`,
    'Content-Type: application/json',
    'Connection: close',
    ...headers,
    '',
  ];

  it('by its headers is answered with 431', async () => {
    const reply = await alice.get('/v1/tasks', { 'x-much': 'x'.repeat(16 * 1024) });
    expect(reply.refusal).to.equal('431 headers_too_large');
  });

  it('by its address is answered with 431', async () => {
    expect((await alice.get(`/v1/tasks?q=${'x'.repeat(20_000)}`)).refusal).to.equal('431 headers_too_large');
  });

  it('by the length it announces is answered with 413 before it is sent', async () => {
    const answer = await raw(...post(`Content-Length: ${1024 ** 4}`));
    expect(answer).to.match(/^HTTP\/1\.1 413 /);
    expect(answer).to.include('payload_too_large');
  });

  it('by what it sends without announcing it is answered with 413', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}`;
    const answer = await raw(...post('Transfer-Encoding: chunked'), ...Array<string>(17).fill(chunk), '0', '');
    expect(answer).to.match(/^HTTP\/1\.1 413 /);
  });

  it('by the time that its body takes is answered with 408 and let go', async () => {
    const answer = await raw(...post('Content-Length: 20'), '{"title"');
    expect(answer).to.match(/^HTTP\/1\.1 408 /);
    expect(answer).to.match(/Connection: close/i);
    expect(answer).to.include('request_timeout');
  });

  it('that is no HTTP is answered with 400 and let go', async () => {
    for (const line of ['GARBAGE', 'GET /v1/tasks HTTP/9.9', 'GET /v1/tasks HTTP/1.1\r\nHost: a\r\nBad Header: x']) {
      const answer = await raw(line, '', '');
      expect(answer).to.match(/^HTTP\/1\.1 400 /);
      expect(answer).to.include('application/problem+json').and.include('unreadable');
    }
  });

  it('with two lengths that disagree is answered with 400: nothing can be smuggled in', async () => {
    const lengths = ['Content-Length: 5', 'Transfer-Encoding: chunked'];
    expect(await raw(...post(...lengths), '0', '', '')).to.match(/^HTTP\/1\.1 400 /);
    expect(await raw(...post('Content-Length: 5', 'Content-Length: 6'), '')).to.match(/^HTTP\/1\.1 400 /);
  });

  it('leaves the others alone: the next one on the same server is answered', async () => {
    expect(await alice.titles()).to.be.empty;
  });
});
