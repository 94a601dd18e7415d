import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';

export const programNames = ['daprd', 'placement', 'scheduler'] as const;
export type ProgramName = (typeof programNames)[number];

/** The oldest Dapr that keeps what this system relies on: the Scheduler's reminders and actor API of 1.16. */
export const minimumVersion = '1.16.0';

/** Dapr's three programs and where they come from. */
export interface DaprPrograms {
  /** Absolute paths. */
  readonly daprd: string;
  readonly placement: string;
  readonly scheduler: string;
  readonly version: string;
  /** For people: `DAPR_BIN`, `PATH`, … */
  readonly source: string;
}

/** The file name of a program on this platform. */
export function programFile(name: ProgramName): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}

/** Which of the three programs are missing in a folder. */
export async function missingPrograms(folder: string): Promise<ProgramName[]> {
  const present = await Promise.all(programNames.map((name) => isExecutable(join(folder, programFile(name)))));
  return programNames.filter((_, place) => !present[place]);
}

/** The programs of a folder that has all three. */
export function programsIn(folder: string, version: string, source: string): DaprPrograms {
  return {
    daprd: join(folder, programFile('daprd')),
    placement: join(folder, programFile('placement')),
    scheduler: join(folder, programFile('scheduler')),
    version,
    source,
  };
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
