import { once } from 'node:events';
import { access, mkdtemp, readdir, readFile, readlink, realpath, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pino } from 'pino';
import { type DaprPrograms, obtainDapr } from '../../runtime/dapr/obtain.js';
import { newDaprTokens, type RunningDapr, startDapr } from '../../runtime/dapr/start.js';
import { createSupervisor, type ProcessSupervisor } from '../../runtime/processes/supervisor.js';
import { createProgress } from '../../runtime/progress.js';
import { emptyTestDatabase, type TestDatabase } from '../support/postgres.js';
import { until } from '../support/until.js';

describe('placement, scheduler and daprd', () => {
  const tokens = newDaprTokens();
  let programs: DaprPrograms;
  let database: TestDatabase;
  let dataDir: string;
  let supervisor: ProcessSupervisor;
  let dapr: RunningDapr;
  let app: TinyApp;

  before(async function () {
    // The first time on a machine in a closed network this is a build.
    this.timeout('30m');
    programs = await obtainDapr({ env: process.env, progress: createProgress(process.stderr) });
    database = await emptyTestDatabase();
    dataDir = await realpath(await mkdtemp(join(tmpdir(), 'dapr-start-')));
    app = await startTinyApp();
    await start();
  });
  after(async function () {
    this.timeout(20_000);
    await supervisor.stop();
    await app.stop();
    await database.drop();
    await rm(dataDir, { recursive: true });
  });

  async function start(): Promise<void> {
    supervisor = createSupervisor({
      log: pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
      onFatal(error) {
        throw error;
      },
    });
    const secrets = { 'database-url': database.url };
    dapr = await startDapr({
      supervisor,
      programs,
      dataDir,
      appId: 'todo-chatbot',
      appPort: app.port,
      tokens,
      secrets,
    });
  }

  function call(path: string, method: string, body: unknown = {}, port = dapr.httpPort): Promise<Response> {
    return fetch(`http://127.0.0.1:${port}/v1.0/${path}`, {
      method,
      headers: { 'dapr-api-token': tokens.api, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  it('once they are started the first actor call is answered', async () => {
    const answer = await call('actors/Task/YWxpY2U.1/method/echo', 'PUT', { hello: 'there' });
    expect(answer.status).to.equal(200);
    expect(await answer.json()).to.deep.equal({ hello: 'there' });
  });

  it('every call to the app carries the app API token, and daprd answers nobody without its own', async () => {
    expect(app.calls.map(({ path }) => path)).to.include.members(['/dapr/config', '/dapr/subscribe']);
    for (const { path, token } of app.calls) expect(token, path).to.equal(tokens.app);
    const answer = await fetch(`http://127.0.0.1:${dapr.httpPort}/v1.0/actors/Task/x/method/echo`, { method: 'PUT' });
    expect(answer.status).to.equal(401);
  });

  it('no token is among the arguments, and the secrets are readable by their owner alone', async () => {
    for (const { pid } of [dapr.placement, dapr.scheduler, dapr.daprd]) {
      const args = await readFile(`/proc/${pid}/cmdline`, 'utf8');
      expect(args).not.to.contain(tokens.api).and.not.to.contain(tokens.app).and.not.to.contain(database.url);
    }
    const { mode } = await stat(join(dataDir, 'run/dapr/daprd/secrets.json'));
    expect(mode & 0o777).to.equal(0o600);
    const secret = await fetch(`http://127.0.0.1:${dapr.httpPort}/v1.0/secrets/secrets/database-url`, {
      headers: { 'dapr-api-token': tokens.api },
    });
    expect(await secret.json()).to.deep.equal({ 'database-url': database.url });
  });

  it('they listen on loopback only', async () => {
    for (const child of [dapr.placement, dapr.scheduler, dapr.daprd]) {
      const addresses = await listeningAddresses(child.pid);
      expect(addresses.length, child.name).to.be.greaterThan(2);
      // The official release ignores its flag for the address of this one port, which says 200 or 503 and nothing else.
      const unheeded = programs.source.startsWith('built') || child === dapr.daprd ? 0 : 1;
      expect(addresses.filter((address) => address !== '0100007F')).to.have.length(unheeded);
    }
  });

  it('the components of one machine are loaded', async () => {
    const metadata = await fetch(`http://127.0.0.1:${dapr.httpPort}/v1.0/metadata`, {
      headers: { 'dapr-api-token': tokens.api },
    });
    const text = await metadata.text();
    for (const name of ['secrets', 'pubsub', 'cron-reminders', 'state']) expect(text).to.contain(`"name":"${name}"`);
  });

  it('a second sidecar of the same app joins, and calls reach both hosts', async function () {
    this.timeout(30_000);
    const second = await startTinyApp();
    const sidecar = await dapr.startSidecar({ appPort: second.port });
    let id = 0;
    await until(
      'both hosts have had a turn',
      async () => {
        await (await call(`actors/Task/spread.${++id}/method/echo`, 'PUT')).arrayBuffer();
        await (await call(`actors/Task/spread.${id}/method/echo`, 'PUT', {}, sidecar.httpPort)).arrayBuffer();
        return [app, second].every(({ calls }) => calls.some(({ path }) => path.includes('/spread.')));
      },
      20_000,
    );
    await sidecar.daprd.stop();
    await second.stop();
  });

  const ends = {
    'an orderly stop': () => supervisor.stop(),
    'kill -9 of all three': () => Promise.resolve(supervisor.killAll()),
  };
  for (const [end, carryOut] of Object.entries(ends)) {
    it(`after ${end} none of them is left, and a reminder fires again after the next start, on other ports`, async function () {
      this.timeout(60_000);
      const set = await call('actors/Task/YWxpY2U.1/reminders/tick', 'POST', {
        dueTime: '0s',
        period: '1s',
        data: 'x',
      });
      expect(set.status).to.equal(204);
      await ticked('YWxpY2U.1');

      const pids = [dapr.placement, dapr.scheduler, dapr.daprd].map(({ pid }) => pid);
      const { httpPort } = dapr;
      await carryOut();
      for (const pid of pids) await until(`process ${pid} is gone`, () => isGone(`/proc/${pid}`));

      await start();
      expect(dapr.httpPort).not.to.equal(httpPort);
      await ticked('YWxpY2U.1');
      expect((await call('actors/Task/YWxpY2U.1/reminders/tick', 'DELETE')).status).to.equal(204);
    });
  }

  it('a scheduler that is killed comes back, with its reminders and without waiting for its own old lease', async function () {
    this.timeout(40_000);
    await call('actors/Task/Ym9i.2/reminders/tick', 'POST', { dueTime: '0s', period: '1s' });
    await ticked('Ym9i.2');
    const { pid } = dapr.scheduler;
    process.kill(pid ?? 0, 'SIGKILL');
    // Dapr's lease is 20 s: with it this would take longer than `until` waits.
    await until('it runs again', () => dapr.scheduler.pid !== pid && dapr.scheduler.isReady);
    await ticked('Ym9i.2');
    await call('actors/Task/Ym9i.2/reminders/tick', 'DELETE');
  });

  it('a daprd that is killed serves again on the same ports', async function () {
    this.timeout(40_000);
    const { pid } = dapr.daprd;
    process.kill(pid ?? 0, 'SIGKILL');
    await until('it runs again', () => dapr.daprd.pid !== pid && dapr.daprd.isReady, 20_000);
    expect((await call('actors/Task/YWxpY2U.1/method/echo', 'PUT')).status).to.equal(200);
  });

  /** Waits for the reminder `tick` of an actor, called from now on. */
  async function ticked(actorId: string): Promise<void> {
    const seen = app.calls.length;
    const path = `/actors/Task/${actorId}/method/remind/tick`;
    await until(`a tick of ${actorId}`, () => app.calls.slice(seen).some((call) => call.path === path));
  }
});

async function isGone(path: string): Promise<boolean> {
  return await access(path).then(
    () => false,
    () => true,
  );
}

interface AppCall {
  readonly path: string;
  readonly token: string | undefined;
}

interface TinyApp {
  readonly port: number;
  /** All but the health probes, which carry no token. */
  readonly calls: AppCall[];
  stop(): Promise<void>;
}

/** An app that hosts the actor type Task and gives back what its methods are sent. */
async function startTinyApp(): Promise<TinyApp> {
  const calls: AppCall[] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    const token = request.headers['dapr-api-token'];
    if (path !== '/healthz') calls.push({ path, token: typeof token === 'string' ? token : undefined });
    response.setHeader('content-type', 'application/json');
    if (path === '/dapr/config') response.end(JSON.stringify({ entities: ['Task'] }));
    else if (path === '/dapr/subscribe') response.end('[]');
    else request.pipe(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** The local addresses that a process listens on, as /proc/net/tcp and tcp6 write them (127.0.0.1 is 0100007F). */
async function listeningAddresses(pid: number | undefined): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const targets = await Promise.all((await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => '')));
  const inodes = new Set(targets.map((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1]));
  const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readFile(`/proc/net/${table}`, 'utf8')));
  const rows = tables.flatMap((table) => table.split('\n').slice(1)).map((row) => row.trim().split(/\s+/));
  const isListening = (row: string[]): boolean => row[3] === '0A' && inodes.has(row[9]);
  return rows.filter(isListening).map((row) => row[1]?.split(':')[0] ?? '');
}
