import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { Relay } from '../../actors/relay/relay.js';
import { createPool } from '../../runtime/postgres/pool.js';
import { logTable } from './stoppable-relay.js';

const log = pino({ level: 'silent' });
const metrics = new Registry();
const pool = createPool(process.argv[2] ?? '', { max: 4, applicationName: 'stoppable relay', log });
const relay = new Relay({
  pool,
  log,
  metrics,
  broker: 'kafka',
  mayLead: true,
  publish: async (topic, events) => {
    // There shall be something under way whenever it is stopped.
    await sleep(5);
    await logTable.append(pool, 'stoppable', topic, events);
  },
});
const leads = async (): Promise<boolean> =>
  (await metrics.getSingleMetric('todo_relay_leads')?.get())?.values[0]?.value === 1;
while (!(await leads())) await sleep(10);
process.stdout.write('leads\n');
process.once('SIGTERM', () => void relay.stop().then(() => pool.end()));
