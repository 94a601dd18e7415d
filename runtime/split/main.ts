import { pino } from 'pino';
import { readConfig, readLogLevel } from '../config.js';
import { createLifecycle } from '../lifecycle.js';
import { createProgress } from '../progress.js';
import { welcome } from '../welcome.js';
import { startSplitSystem } from './system.js';

const level = readLogLevel(process.env) ?? 'info';
const log = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
const lifecycle = createLifecycle({ log, tell: (message) => process.stderr.write(`${message}\n`) });

await lifecycle.run(async () => {
  const config = readConfig(process.env, process.argv.slice(2));
  const progress = createProgress(process.stdout);
  process.stdout.write(welcome(await startSplitSystem({ config, env: process.env, lifecycle, log, progress })));
});
