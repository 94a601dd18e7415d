import { expect } from 'chai';
import { freePorts, startOnFreePorts } from '../../runtime/dapr/ports.js';
import type { Child, ChildSpec, Supervisor } from '../../runtime/supervision.js';

describe('ports of the children', () => {
  const child: Child = { name: 'x', pid: 1, isReady: true, stop: () => Promise.resolve() };
  const spec: Omit<ChildSpec, 'args'> = {
    name: 'x',
    command: 'x',
    env: {},
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 1,
    ready: () => Promise.resolve(),
  };

  /** Starts with a supervisor whose first starts fail as told; resolves to the ports that each start was given. */
  async function startWith(failures: string[]): Promise<{ tries: string[][]; error?: Error }> {
    const tries: string[][] = [];
    const supervisor: Supervisor = {
      start({ args }) {
        tries.push([...args]);
        const failure = failures.shift();
        return failure === undefined ? Promise.resolve(child) : Promise.reject(new Error(failure));
      },
    };
    try {
      const { ports } = await startOnFreePorts(supervisor, ['http', 'grpc'], ({ http, grpc }) => ({
        ...spec,
        args: [String(http), String(grpc)],
      }));
      expect([String(ports.http), String(ports.grpc)]).to.deep.equal(tries.at(-1));
      return { tries };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { tries, error };
    }
  }

  it('a port that somebody took meanwhile is survived, with other ports', async () => {
    const { tries, error } = await startWith([
      'x ended.\n listen tcp 127.0.0.1:4: bind: address already in use',
      'x ended.\n failed to start HTTP server: could not listen on any endpoint',
    ]);
    expect(error).to.equal(undefined);
    expect(tries).to.have.length(3);
    expect(new Set(tries.flat()).size).to.equal(6);
  });

  it('none is one that an outgoing connection could take meanwhile, and none is given twice', async () => {
    const ports = (await Promise.all(Array.from({ length: 20 }, () => freePorts(3)))).flat();
    expect(new Set(ports).size).to.equal(60);
    // Linux gives such connections ports from 32768 on.
    expect(ports.filter((port) => port < 1024 || port >= 32_768)).to.deep.equal([]);
  });

  it('any other failure is passed on at once', async () => {
    const { tries, error } = await startWith(['x ended.\n no such table']);
    expect(tries).to.have.length(1);
    expect(error?.message).to.contain('no such table');
  });

  it('a port that is always taken is given up', async () => {
    const { error } = await startWith(Array.from({ length: 100 }, () => 'address already in use'));
    expect(error?.message).to.contain('address already in use');
  });
});
