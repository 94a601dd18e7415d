import type { Progress } from '../../../runtime/progress.js';
import type { Program, Programs } from '../programs.js';
import { spreadOf, type Spread } from '../statistics.js';

/** Seconds from the start of the process to its line "Ready". */
export interface StartFigures {
  /** With an empty DATA_DIR: a new database is made. Dapr is there already. */
  readonly cold: number;
  readonly warm: Spread;
}

/** Starts the system on an empty folder, then again and again. @returns the last one as well, still running */
export async function measureStarts(
  programs: Programs,
  progress: Progress,
  dataDir: string,
  warmStarts: number,
): Promise<{ figures: StartFigures; system: Program }> {
  const step = progress.step('starts');
  // Not measured: Dapr may have to be fetched or built, the database's programs to be laid out.
  await (await programs.startSystem(`${dataDir}-first`)).stop();
  let system = await programs.startSystem(dataDir);
  const cold = system.startSeconds;
  const warm: number[] = [];
  for (let start = 0; start < warmStarts; start += 1) {
    await system.stop();
    system = await programs.startSystem(dataDir);
    warm.push(system.startSeconds);
  }
  const figures = { cold, warm: spreadOf(warm) };
  step.done(`cold ${cold.toFixed(1)} s, warm ${figures.warm.median.toFixed(1)} s`);
  return { figures, system };
}
