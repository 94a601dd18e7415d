import type { Task } from '../domain/task/task.js';

/** A task as JSON, its members in one order wherever it comes from: an answer that is given again is the same, byte for byte. */
export function renderTask(task: Task): string {
  const shown: Task = {
    id: task.id,
    user_id: task.user_id,
    title: task.title,
    description: task.description,
    status: task.status,
    priority: task.priority,
    tags: task.tags,
    due_date: task.due_date,
    time_zone: task.time_zone,
    recurrence: task.recurrence,
    series_id: task.series_id,
    occurrence: task.occurrence,
    occurrence_date: task.occurrence_date,
    reminders: task.reminders,
    version: task.version,
    created_at: task.created_at,
    updated_at: task.updated_at,
    completed_at: task.completed_at,
  };
  return JSON.stringify(shown);
}
