import { pino } from 'pino';
import { startBesideSidecar } from './beside-sidecar.js';
import { readConfig, readLogLevel } from './config.js';
import { createLifecycle } from './lifecycle.js';
import { createProgress } from './progress.js';
import { readGivenSidecar } from './sidecar-settings.js';
import { startSystem } from './system.js';
import { welcome } from './welcome.js';

// Logs go to stderr, so that what a person reads of the start stays in one piece on stdout.
// A wrong level is told with all other wrong settings.
const level = readLogLevel(process.env) ?? 'info';
const log = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
const lifecycle = createLifecycle({ log, tell: (message) => process.stderr.write(`${message}\n`) });

await lifecycle.run(async () => {
  const config = readConfig(process.env, process.argv.slice(2));
  const sidecar = readGivenSidecar(process.env);
  if (sidecar === null) {
    const progress = createProgress(process.stdout);
    process.stdout.write(welcome(await startSystem({ config, env: process.env, lifecycle, log, progress })));
  } else {
    const { url, metricsUrl } = await startBesideSidecar({ config, sidecar, lifecycle, log });
    log.info({ roles: config.roles, url, metricsUrl }, 'ready');
  }
});
