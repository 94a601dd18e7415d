import type { Pool } from 'pg';

/** Whether migration 0003 has been carried out. */
export async function hasAuditTables(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ found: boolean }>(`SELECT to_regclass('audit_checkpoints') IS NOT NULL AS found`);
  return rows[0]?.found ?? false;
}

/** How many entries there should be, of one user or of all. */
export async function estimateEntries(pool: Pool, userId: string | null): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    'SELECT coalesce(sum(seq), 0)::float8 AS count FROM users WHERE $1::text IS NULL OR user_id = $1',
    [userId],
  );
  return rows[0]?.count ?? 0;
}
