import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { newSeed } from '../support/seeded.js';
import { shapes } from '../support/system.js';
import { breakProgram, breakages } from './broken.js';
import { faultNames } from './faults.js';
import { reportText } from './report.js';
import { runChaos } from './run-chaos.js';

/* npm run chaos -- [options]: see docs/chaos.md. Exit code 0 when every promise was kept, else 1. */

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '5' },
    shape: { type: 'string', default: 'split' },
    users: { type: 'string', default: '208' },
    fault: { type: 'string' },
    broken: { type: 'string' },
    json: { type: 'string' },
  },
});
const tell = (what: string): void => void process.stdout.write(`${what}\n`);
const shape = shapes.find((name) => name === values.shape);
if (!shape) throw new Error(`--shape must be one of ${shapes.join(', ')}`);
const fault = faultNames.find((name) => name === values.fault);
if (values.fault !== undefined && !fault) throw new Error(`--fault must be one of ${faultNames.join(', ')}`);
const breakage = breakages.find((name) => name === values.broken);
if (values.broken !== undefined && !breakage) throw new Error(`--broken must be one of ${breakages.join(', ')}`);
/** Of all users so many are at work all the time. */
const heavy = 8;

const broken = breakage && (await breakProgram(breakage));
try {
  const report = await runChaos({
    seed: values.seed === undefined ? newSeed() : Number(values.seed),
    forMs: Number(values.minutes) * 60_000,
    shape,
    load: {
      users: heavy,
      clientsPerUser: 2,
      pauseMs: 150,
      followersPerUser: 2,
      remindWithinMs: 60_000,
      light: { users: Math.max(0, Number(values.users) - heavy), pauseMs: 10_000, followers: 30 },
    },
    longestDownMs: 60_000,
    tell,
    ...(fault && { fault }),
    ...(broken && { root: broken.root }),
  });
  tell(reportText(report));
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (report.violations.length > 0) process.exitCode = 1;
} finally {
  await broken?.remove();
}
