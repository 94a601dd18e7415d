import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';
import { packageRoot } from '../../runtime/package-root.js';

/** One test and how it ended. */
export interface TestResult {
  /** `suite › suite › test` */
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped';
}

/** Where a run leaves its results. */
export const resultsFile = join(packageRoot, 'dist', 'test-results.json');

/** Mocha's spec reporter, which also writes what became of each test. */
export default class Reporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const results: TestResult[] = [];
    const take = (state: TestResult['state']) => (test: Mocha.Test) => {
      results.push({ title: test.titlePath().join(' › '), state });
    };
    runner.on('pass', take('passed'));
    runner.on('fail', take('failed'));
    runner.on('pending', take('skipped'));
    runner.once('end', () => {
      writeFileSync(resultsFile, JSON.stringify(results));
    });
  }
}
