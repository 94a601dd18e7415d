import { readFile } from 'node:fs/promises';
import { familyOf } from './processes.js';

/** Resident memory of one program, in MiB. */
export interface ProgramMemory {
  readonly name: string;
  readonly processes: number;
  /** RSS; of several processes, the sum of their proportional shares (PSS), since they share most of it. */
  readonly mebibytes: number;
}

/** The programs among a process and all below it, of Linux' /proc; nothing elsewhere. */
export async function memoryOf(root: number): Promise<ProgramMemory[]> {
  const members = await familyOf(root);
  const names = [...new Set(members.map(({ name }) => name))];
  return await Promise.all(
    names.map(async (name) => {
      const own = members.filter((member) => member.name === name);
      const field = own.length > 1 ? 'Pss' : 'Rss';
      const sizes = await Promise.all(own.map(({ pid }) => kibibytes(pid, field)));
      return { name, processes: own.length, mebibytes: sizes.reduce((sum, size) => sum + size, 0) / 1024 };
    }),
  );
}

async function kibibytes(pid: number, field: 'Rss' | 'Pss'): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1] ?? 0);
}
