import { requirements } from './requirements.js';
import type { TestResult } from './support/reporter.js';

/**
 * Compares the list of requirements with a run of the tests.
 * @returns a sentence for each requirement that no test proves, and for each test named that does not exist or did not run
 */
export function requirementFaults(results: readonly TestResult[], rows = requirements): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const row of rows) {
    if (seen.has(row.id)) faults.push(`${row.id} stands twice`);
    seen.add(row.id);
    if ('issue' in row) continue;
    if (row.tests.length === 0) faults.push(`${row.id} names no test`);
    for (const name of row.tests) {
      const run = results.filter(({ title }) => title === name || title.startsWith(`${name} › `));
      if (run.length === 0) faults.push(`${row.id} names a test that does not exist or did not run: ${name}`);
      const unproved = run.find(({ state }) => state !== 'passed');
      if (unproved) faults.push(`${row.id} is not proved: ${unproved.title} was ${unproved.state}`);
    }
  }
  return faults;
}
