import { requirements } from './requirements.js';
import type { TestResult } from './support/reporter.js';

/**
 * Compares the list of requirements with a run of the tests.
 * @returns a sentence for each requirement that no test proves, and for each test named that does not exist or did not run
 */
export function requirementFaults(results: readonly TestResult[], rows = requirements): string[] {
  const states = new Map(results.map(({ title, state }) => [title, state]));
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const row of rows) {
    if (seen.has(row.id)) faults.push(`${row.id} stands twice`);
    seen.add(row.id);
    if ('issue' in row) continue;
    if (row.tests.length === 0) faults.push(`${row.id} names no test`);
    for (const title of row.tests) {
      const state = states.get(title);
      if (state === undefined) faults.push(`${row.id} names a test that does not exist or did not run: ${title}`);
      else if (state === 'skipped') faults.push(`${row.id} is proved by a test that was skipped: ${title}`);
    }
  }
  return faults;
}
