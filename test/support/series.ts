import { occurrenceId } from '../../domain/recurrence/series.js';
import type { Task } from '../../domain/task/task.js';
import type { TestUser } from './test-user.js';
import { until } from './until.js';

/** A recurring task as it is created, due today at noon in UTC. */
export const recurring = (title: string, recurrence: unknown = 'daily') => ({
  title,
  recurrence,
  due_date: `${new Date().toISOString().slice(0, 10)}T12:00`,
  time_zone: 'UTC',
});

/** Waits for the next occurrence of a task, wherever its series is. */
export async function nextOf(user: TestUser, { series_id, occurrence }: Task, withinMs?: number): Promise<Task> {
  const id = occurrenceId(series_id ?? '', (occurrence ?? 0) + 1);
  let found: Task | undefined;
  await until(
    `occurrence ${(occurrence ?? 0) + 1}`,
    async () => {
      const reply = await user.get(`/v1/tasks/${id}`).catch(() => null);
      if (reply?.status === 200) found = reply.task;
      return found;
    },
    withinMs,
  );
  if (!found) throw new Error('unreachable');
  return found;
}

/** The types of a user's changes, facts among them, each with the number of the occurrence: `TASK_CREATED 2`. */
export async function storyOf(user: TestUser): Promise<string[]> {
  return (await user.changes()).map(({ type, task, detail }) => {
    const occurrence = task?.occurrence ?? (detail && 'occurrence' in detail ? detail.occurrence : null);
    return occurrence === null ? type : `${type} ${occurrence}`;
  });
}
