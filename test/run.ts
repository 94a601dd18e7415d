import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../runtime/package-root.js';
import { requirementFaults } from './requirements-check.js';
import { resultsFile, type TestResult } from './support/reporter.js';
import type { Shape } from './support/system.js';

/*
 * The whole of `npm test`: each step below, then one line `N passed, N failed`. The build has checked the types before.
 * With names of test files, these alone; with `--shapes`, all of test/e2e in each shape.
 */

/** What goes another way in the other shapes of a system; the whole of test/e2e is for `npm run test:shapes`. */
const otherShapes: Readonly<Record<Exclude<Shape, 'one-process'>, string[]>> = {
  kafka: ['audit', 'live-feed', 'faults-node', 'recurring-tasks'],
  split: [
    'audit*',
    'change-a-task',
    'import-and-export',
    'limits-of-requests',
    'live-feed',
    'operations',
    'recurring-tasks',
    'tokens',
  ],
};

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

const { values: flags, positionals: only } = parseArgs({
  options: { shapes: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const isWhole = only.length === 0 && !flags.shapes;
if (isWhole) {
  count(await run('eslint/bin/eslint.js', '.', '--max-warnings=0'));
  count(await run('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'));
}

/** Runs tests against systems of one shape; null: of the one that TEST_SHAPE says. */
async function runMocha(shape: Shape | null, specs: readonly string[]): Promise<TestResult[]> {
  await rm(resultsFile, { force: true });
  if (shape !== null) process.env['TEST_SHAPE'] = shape;
  const hasPassed = await run('mocha/bin/mocha.js', '--reporter', 'dist/test/support/reporter.js', ...specs);
  const results = await readFile(resultsFile, 'utf8').then(
    (text) => JSON.parse(text) as TestResult[],
    () => [],
  );
  for (const { state } of results) {
    if (state === 'skipped') skipped += 1;
    else count(state === 'passed');
  }
  // Mocha can fail without a failed test: a file that does not load, a hook that throws.
  if (!hasPassed && results.every(({ state }) => state !== 'failed')) count(false);
  return results;
}

const specsIn = (folders: readonly string[], files = ['*']): string[] =>
  folders.flatMap((folder) => files.map((file) => `dist/test/${folder}/${file}.test.js`));

if (flags.shapes) {
  for (const each of ['one-process', 'kafka', 'split'] as const) await runMocha(each, specsIn(['e2e']));
} else if (only.length > 0) {
  await runMocha(null, only);
} else {
  const results = await runMocha('one-process', specsIn(['unit', 'integration', 'components', 'e2e', 'chaos']));
  await runMocha('kafka', specsIn(['e2e'], otherShapes.kafka));
  await runMocha('split', specsIn(['e2e'], otherShapes.split));
  const faults = requirementFaults(results);
  for (const fault of faults) process.stdout.write(`requirement: ${fault}\n`);
  count(faults.length === 0);
}

process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = failed > 0 ? 1 : 0;
