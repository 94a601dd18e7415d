import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { WebSocket, WebSocketServer } from 'ws';
import { createFrontDoor, type FrontDoor } from '../../runtime/split/front-door.js';

describe('the one address of the split shape', () => {
  let gateway: Server;
  let feeds: WebSocketServer[];
  let door: FrontDoor;
  let url: string;
  let answer: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

  const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

  beforeEach(async () => {
    gateway = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
    feeds = [1, 2].map((number) => {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'bearer' });
      server.on('connection', (socket, { headers, url }) => {
        socket.send(`${number} ${url} ${headers['sec-websocket-protocol'] ?? headers.authorization}`);
        socket.on('message', (message) => socket.send(message));
      });
      return server;
    });
    for (const server of [gateway, ...feeds]) if (server.address() === null) await once(server, 'listening');
    door = createFrontDoor({ gateway: portOf(gateway), websocket: feeds.map(portOf) });
    url = await door.listen(0, '127.0.0.1');
  });
  afterEach(async () => {
    await door.close();
    gateway.close();
    gateway.closeAllConnections();
    for (const feed of feeds) {
      for (const client of feed.clients) client.terminate();
      feed.close();
    }
  });

  it('hands a request to the gateway as it came, and the answer back as it is', async () => {
    let seen: object = {};
    answer = async (request, response) => {
      const { method, url, headers } = request;
      seen = { method, url, key: headers['idempotency-key'], body: await text(request) };
      response.writeHead(201, { etag: '"7"', 'set-cookie': ['a=1', 'b=2'] }).end('made');
    };
    const response = await fetch(`${url}/v1/tasks?x=%2F`, {
      method: 'POST',
      headers: { 'idempotency-key': 'k' },
      body: '{"title":"é"}',
    });
    expect(seen).to.deep.equal({ method: 'POST', url: '/v1/tasks?x=%2F', key: 'k', body: '{"title":"é"}' });
    expect({ status: response.status, body: await response.text() }).to.deep.equal({ status: 201, body: 'made' });
    expect(response.headers.get('etag')).to.equal('"7"');
    expect(response.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
  });

  it('lets an answer through as it is written, not when it is whole', async () => {
    let finish: () => void = () => undefined;
    answer = (_request, response) => {
      response.write('first ');
      finish = () => response.end('last');
      return Promise.resolve();
    };
    const response = await fetch(`${url}/v1/export`);
    const reader = response.body!.getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).to.equal('first ');
    finish();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).to.equal('last');
  });

  it('says 503 with Retry-After while the gateway is away', async () => {
    gateway.close();
    gateway.closeAllConnections();
    await once(gateway, 'close');
    const response = await fetch(`${url}/v1/tasks`);
    expect({ status: response.status, type: response.headers.get('content-type') }).to.deep.equal({
      status: 503,
      type: 'application/problem+json',
    });
    expect(response.headers.get('retry-after')).to.equal('2');
    expect(await response.json()).to.include({ code: 'unavailable' });
  });

  it('says so too when the gateway dies before it has answered, and cuts an answer that it began', async () => {
    answer = (request) => Promise.resolve(request.socket.destroy());
    expect((await fetch(`${url}/v1/tasks`)).status).to.equal(503);
    answer = (request, response) => {
      response.write('half', () => request.socket.destroy());
      return Promise.resolve();
    };
    const broken = await fetch(`${url}/v1/tasks`).then((response) => response.text().catch((error: unknown) => error));
    expect(broken).to.be.an('error');
  });

  it('leaves to the gateway what is no request, and what asks for the live feed without an upgrade', async () => {
    answer = (_request, response) => Promise.resolve(response.writeHead(426).end());
    expect((await fetch(`${url}/v1/live?since=1`)).status).to.equal(426);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('GET /v1');
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write('/lives \u0007 nonsense\r\n\r\n');
    expect(await text(socket)).to.match(/^HTTP\/1.1 400 /);
  });

  it('tells the gateway when a client went away', async () => {
    const gone = new Promise((resolve) => {
      answer = (_request, response) => {
        response.once('close', resolve);
        return Promise.resolve();
      };
    });
    const controller = new AbortController();
    const asked = fetch(`${url}/v1/tasks`, { signal: controller.signal }).catch(() => undefined);
    await once(gateway, 'request');
    controller.abort();
    await asked;
    await gone;
  });

  it('spreads live feeds over the replicas, with what the client says of itself, both ways', async () => {
    const first: string[] = [];
    for (const headers of [{ authorization: 'Bearer one' }, { authorization: 'Bearer two' }]) {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live?since=3`, { headers });
      const [greeting] = (await once(socket, 'message')) as [Buffer];
      first.push(greeting.toString());
      socket.send('echo');
      expect(String((await once(socket, 'message'))[0])).to.equal('echo');
      socket.close();
    }
    expect(first).to.have.members(['1 /v1/live?since=3 Bearer one', '2 /v1/live?since=3 Bearer two']);
  });

  it('closes a live feed when its replica dies, so that the client comes back to another', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`, ['bearer', 'token']);
    await once(socket, 'message');
    for (const feed of feeds) for (const client of feed.clients) client.terminate();
    await once(socket, 'close');
  });
});
