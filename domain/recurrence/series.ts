import type { Consequences, Happening } from '../task/consequences.js';

/** What a change of a task means for its series: the step it has to take or takes, and the facts; null: nothing. Pure. */
export function seriesConsequences(_happening: Happening): Consequences | null {
  return null;
}
