import { priorities } from '../../domain/task/task.js';
import { isoTime } from '../../runtime/postgres/iso-time.js';

const priority = priorities.map((name, rank) => `WHEN ${rank} THEN '${name}'`).join(' ');

/**
 * SQL of a sub-select `task` whose row, by `row_to_json(task)`, is a row `t` of `tasks` as the interface shows it.
 * PostgreSQL writes the JSON: taking rows apart and writing it here costs this process five times as much.
 */
export const taskOfRow = `
  (SELECT t.id, t.user_id, t.title, t.description, t.status, CASE t.priority ${priority} END AS priority, t.tags,
    t.due_date, t.time_zone, t.recurrence, t.series_id, t.occurrence, t.occurrence_date, t.reminders, t.version,
    ${isoTime('t.created_at')} AS created_at, ${isoTime('t.updated_at')} AS updated_at,
    ${isoTime('t.completed_at')} AS completed_at) AS task`;
