import { pino } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { startGateway } from '../../../gateway/role.js';
import { openAuth } from '../../../runtime/auth/open-auth.js';
import { systemClock } from '../../../runtime/clock.js';
import { readConfig } from '../../../runtime/config.js';
import { createLifecycle } from '../../../runtime/lifecycle.js';
import { createPool } from '../../../runtime/postgres/pool.js';
import { createPublicDoor } from '../../../runtime/public-door.js';
import { PlainCommands } from './commands.js';

// The same REST interface without Dapr: the gateway as it is, on a command port that is a plain transaction.
const log = pino({ level: process.env['LOG_LEVEL'] ?? 'info', base: null }, pino.destination({ dest: 2, sync: true }));
const lifecycle = createLifecycle({ log });

await lifecycle.run(async () => {
  const config = readConfig(process.env, []);
  const { databaseUrl } = config;
  if (databaseUrl === undefined) throw new Error('DATABASE_URL is missing');
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const pool = createPool(databaseUrl, { max: 40, applicationName: 'plain', log });
  lifecycle.opened('the database connections', () => pool.end());
  const { tokens } = await openAuth(config);
  const publicDoor = createPublicDoor();
  const { command } = new PlainCommands(pool);
  const invoke = (): Promise<never> => Promise.reject(new Error('there is no other role'));
  startGateway({
    config,
    pool,
    clock: systemClock,
    dapr: { command, invoke },
    tokens,
    publicDoor,
    log,
    metrics,
    isReady: () => Promise.resolve(true),
  });
  const url = await publicDoor.listen(config.port, config.host);
  lifecycle.opened('the public door', () => publicDoor.close());
  process.stdout.write(`Ready at ${url}\n`);
});
