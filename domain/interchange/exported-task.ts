import type { Task } from '../task/task.js';
import { taskIdOf } from './import-entry.js';

/** A task on its way into a file. */
export interface ExportedTask extends Task {
  /** True while `time_zone` is the user's own because none was named for the task. */
  readonly floating: boolean;
  /** The name under which another program's file brought the task in. */
  readonly source_id: string | null;
}

/**
 * The name that a file gives a task. It is the one under which the task came in, so that the other program knows its
 * own again, unless import would make another task's id of it.
 */
export function exportedName({ id, source_id }: ExportedTask): string {
  return source_id !== null && taskIdOf(source_id) === id ? source_id : id;
}
