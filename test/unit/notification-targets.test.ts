import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import {
  ForbiddenTarget,
  isPublicAddress,
  publicLookup,
  type Lookup,
} from '../../subscribers/notification/outbound/addresses.js';
import { createPoster } from '../../subscribers/notification/outbound/post.js';

describe('where messages may go', () => {
  const forbidden = [
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.7',
    '203.0.113.7',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:169.254.169.254',
    '::ffff:8.8.8.8',
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::10.1.2.3',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2002:808:808::',
    '3fff::1',
    '4000::1',
    '5f00::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
  ];
  const allowed = [
    '1.1.1.1',
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '223.255.255.254',
    '2606:4700:4700::1111',
    '64:ff9b::8.8.8.8',
  ];

  it('are addresses of the public internet alone', () => {
    expect(forbidden.filter(isPublicAddress)).to.deep.equal([]);
    expect(allowed.filter((address) => !isPublicAddress(address))).to.deep.equal([]);
  });

  describe('when a message is posted', () => {
    let server: Server;
    let port: number;
    const requests: string[] = [];
    before(async () => {
      server = createServer((request, response) => {
        requests.push(request.url ?? '');
        if (request.url === '/moved') response.writeHead(302, { location: '/' });
        if (request.url === '/busy') response.writeHead(503, { 'retry-after': '7' });
        response.end();
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      ({ port } = server.address() as AddressInfo);
    });
    after(() => {
      server.closeAllConnections();
      server.close();
    });
    beforeEach(() => requests.splice(0));

    /** What posting to a URL comes to: a status, or why not. */
    async function post(url: string, lookup?: Lookup): Promise<string> {
      const poster = createPoster({ allowsPrivateTargets: false, ...(lookup && { lookup }) });
      try {
        return String((await poster.post(url, {}, 'x', 2_000)).status);
      } catch (error) {
        for (let cause = error; cause instanceof Error; cause = cause.cause) {
          if (cause instanceof ForbiddenTarget) return 'forbidden';
        }
        throw error;
      } finally {
        await poster.close();
      }
    }

    it('no way of writing a private address gets through', async () => {
      const hosts = [
        '127.0.0.1',
        '127.1',
        '0x7f.1',
        '2130706433',
        '017700000001',
        '[::1]',
        '[::ffff:127.0.0.1]',
        '[::ffff:7f00:1]',
        'localhost',
      ];
      for (const host of hosts)
        expect([host, await post(`https://${host}:${port}/`)]).to.deep.equal([host, 'forbidden']);
      expect(await post(`http://8.8.8.8:${port}/`)).to.equal('forbidden');
      expect(requests).to.deep.equal([]);
    });

    it('a name counts by what it means at the moment of the connection', async () => {
      const answers: Record<string, string[]> = {
        'private.example': ['10.0.0.1'],
        'metadata.example': ['169.254.169.254', 'fd00:ec2::254'],
        'mapped.example': ['::ffff:127.0.0.1'],
      };
      const asked: string[] = [];
      const lookup: Lookup = (host, _options, done) => {
        asked.push(host);
        done(
          null,
          (answers[host] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      };
      for (const host of Object.keys(answers)) {
        expect(await post(`https://${host}:${port}/`, lookup)).to.equal('forbidden');
      }
      expect(asked).to.deep.equal(Object.keys(answers));
      expect(requests).to.deep.equal([]);
    });

    it('of the addresses of a name the public ones alone are connected to, and none is looked up again', async () => {
      let asked = 0;
      const lookup: Lookup = (_host, _options, done) => {
        asked += 1;
        const addresses = asked === 1 ? ['10.0.0.1', '8.8.8.8', '::1', '2606:4700::1'] : ['127.0.0.1'];
        done(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      };
      const given = await new Promise((resolve, reject) => {
        publicLookup(lookup)('rebinding.example', { all: true }, (error, addresses) =>
          error ? reject(error) : resolve(addresses),
        );
      });
      expect(given).to.deep.equal([
        { address: '8.8.8.8', family: 4 },
        { address: '2606:4700::1', family: 6 },
      ]);
      expect(asked).to.equal(1);
      // The next connection asks anew, and is told anew.
      expect(await post(`https://rebinding.example:${port}/`, lookup)).to.equal('forbidden');
      expect(requests).to.deep.equal([]);
    });

    it('a redirect is an answer, and leads nowhere', async () => {
      const poster = createPoster({ allowsPrivateTargets: true });
      expect(await poster.post(`http://127.0.0.1:${port}/moved`, {}, 'x', 2_000)).to.include({ status: 302 });
      expect(await poster.post(`http://127.0.0.1:${port}/busy`, {}, 'x', 2_000)).to.deep.equal({
        status: 503,
        retryAfterMs: 7_000,
      });
      expect(requests).to.deep.equal(['/moved', '/busy']);
      await poster.close();
    });
  });
});
