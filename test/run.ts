import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../runtime/package-root.js';
import { requirementFaults } from './requirements-check.js';
import { resultsFile, type TestResult } from './support/reporter.js';

/* The whole of `npm test`: each step below, then one line `N passed, N failed`. The build has checked the types before. */

let passed = 0;
let failed = 0;
let skipped = 0;

const count = (ok: boolean): void => {
  if (ok) passed += 1;
  else failed += 1;
};

async function run(...command: [string, ...string[]]): Promise<boolean> {
  const [name, ...args] = command;
  process.stdout.write(`\n> ${command.join(' ')}\n`);
  const child = spawn(process.execPath, [join(packageRoot, 'node_modules', name), ...args], {
    cwd: packageRoot,
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

const only = process.argv.slice(2);
if (only.length === 0) {
  count(await run('eslint/bin/eslint.js', '.', '--max-warnings=0'));
  count(await run('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'));
}

await rm(resultsFile, { force: true });
const specs = ['unit', 'integration', 'components', 'e2e', 'chaos'].map((folder) => `dist/test/${folder}/**/*.test.js`);
const mochaPassed = await run(
  'mocha/bin/mocha.js',
  '--reporter',
  'dist/test/support/reporter.js',
  ...(only.length > 0 ? only : specs),
);
const results = await readFile(resultsFile, 'utf8').then(
  (text) => JSON.parse(text) as TestResult[],
  () => [],
);
for (const { state } of results) {
  if (state === 'skipped') skipped += 1;
  else count(state === 'passed');
}
// Mocha can fail without a failed test: a file that does not load, a hook that throws.
if (!mochaPassed && results.every(({ state }) => state !== 'failed')) count(false);

if (only.length === 0) {
  const faults = requirementFaults(results);
  for (const fault of faults) process.stdout.write(`requirement: ${fault}\n`);
  count(faults.length === 0);
}

process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = failed > 0 ? 1 : 0;
