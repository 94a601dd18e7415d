import { prepared } from '../../runtime/postgres/pool.js';
import { taskOfRow } from './task-json.js';

interface ExportRow {
  readonly id: string;
  /** JSON, as the interface shows it. */
  readonly task: string;
  readonly floating: boolean;
  readonly source_id: string | null;
}

const page = (name: string, condition: string) =>
  prepared<ExportRow>(
    name,
    `SELECT t.id, row_to_json(task)::text AS task, t.floating, t.origin ->> 'source_id' AS source_id
     FROM tasks t CROSS JOIN LATERAL ${taskOfRow}
     WHERE t.user_id = $1 AND t.id ${condition} ORDER BY t.id LIMIT $3`,
  );

/** By id, which never changes: every task that is there all the time comes once. Values: user id, an id, the most rows. */
export const readExportFrom = page('gateway-export-from', '>= $2');
/** The same, without the task of that id. */
export const readExportAfter = page('gateway-export-after', '> $2');
