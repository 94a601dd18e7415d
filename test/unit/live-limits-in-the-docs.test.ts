import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../runtime/package-root.js';
import { liveLimits } from '../../subscribers/websocket/limits.js';

describe('what client writers read of the live feed', () => {
  const number = (value: number): string => value.toLocaleString('en-US');

  it('names the limits that hold', async () => {
    const text = await readFile(join(packageRoot, 'docs', 'live-feed.md'), 'utf8');
    const rows = new Map([...text.matchAll(/^\| ([^|]+) \| ([^|]+) \| .*$/gm)].map(([row, name = '']) => [name, row]));
    const said = (name: string): string => rows.get(name) ?? `no row ${name}`;
    const limits = liveLimits;
    expect(said('connections of one user, for each server')).to.include(number(limits.mostConnectionsOfUser));
    expect(said('connections of one server')).to.include(number(limits.mostConnections));
    expect(said('clients that are let in at the same time')).to.include(number(limits.mostHandshakes));
    expect(said('unread data of one connection')).to.include(`${number(limits.mostUnreadBytes)} bytes`);
    expect(said('a message from you')).to.include(`${number(limits.mostMessageBytes)} bytes`);
    expect(said('changes missed')).to.include(number(limits.mostMissedChanges));
    expect(said('ping')).to.include(`${number(limits.pingEveryMs)} ms`);
    expect(said('ping')).to.include(`left ${limits.mostUnansweredPings} pings unanswered`);
    const longestMs = (limits.mostUnansweredPings + 1) * limits.pingEveryMs;
    expect(said('ping')).to.include(`after ${longestMs / 1000} s at most`);
    expect(said('your answer to a close')).to.include(`${number(limits.farewellMs)} ms`);
    expect(said('a change whose message was lost on its way')).to.include(`${number(limits.compareEveryMs)} ms`);
  });
});
