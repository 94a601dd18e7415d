import { parseArgs } from 'node:util';
import { newSeed } from '../support/seeded.js';
import { runChaos } from './run-chaos.js';

/* npm run chaos -- [--seed N] [--minutes M]: exit code 0 when every promise was kept, else 1. */

const { values } = parseArgs({ options: { seed: { type: 'string' }, minutes: { type: 'string', default: '5' } } });
const tell = (what: string): void => void process.stdout.write(`${what}\n`);
try {
  await runChaos({
    seed: values.seed === undefined ? newSeed() : Number(values.seed),
    forMs: Number(values.minutes) * 60_000,
    tell,
  });
  tell('every promise was kept');
} catch (error) {
  tell(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
}
