import { prepared } from '../../../runtime/postgres/pool.js';

/**
 * Which of the heads that a checkpoint names are not in the log with that hash. Values: user ids, seqs, hashes. `seq` is the
 * first that is missing where the log ends before it; `is_there` tells whether there is another entry in its place.
 */
export const findOtherHeads = prepared<{ user_id: string; seq: number; is_there: boolean }>(
  'audit-find-other-heads',
  `SELECT head.user_id, a.seq IS NOT NULL AS is_there,
     least(head.seq, (SELECT coalesce(max(l.seq), 0) + 1 FROM audit_entries l WHERE l.user_id = head.user_id)) AS seq
   FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS head (user_id, seq, hash)
   LEFT JOIN audit_entries a USING (user_id, seq)
   WHERE a.hash IS DISTINCT FROM head.hash
   ORDER BY head.user_id, head.seq`,
);

/** Users whose log does not end where their events do. Values: user id or null, the most rows. */
export const findOtherEnds = prepared<{ user_id: string; seq: number; logged: number }>(
  'audit-find-other-ends',
  `SELECT u.user_id, u.seq, coalesce(last.seq, 0) AS logged
   FROM users u
   LEFT JOIN LATERAL (
     SELECT seq FROM audit_entries a WHERE a.user_id = u.user_id ORDER BY seq DESC LIMIT 1
   ) last ON true
   WHERE u.seq <> coalesce(last.seq, 0) AND ($1::text IS NULL OR u.user_id = $1)
   ORDER BY u.user_id LIMIT $2`,
);

/** Users with sealed entries and without the key to them, though nobody forgot them. Values: user id or null, the most rows. */
export const findLostKeys = prepared<{ user_id: string; seq: number }>(
  'audit-find-lost-keys',
  `SELECT u.user_id, last.seq
   FROM users u
   CROSS JOIN LATERAL (
     SELECT seq, sealed FROM audit_entries a WHERE a.user_id = u.user_id ORDER BY seq DESC LIMIT 1
   ) last
   WHERE last.sealed IS NOT NULL AND ($1::text IS NULL OR u.user_id = $1)
     AND NOT EXISTS (SELECT FROM audit_keys k WHERE k.user_id = u.user_id)
     AND NOT EXISTS (SELECT FROM audit_forgotten f WHERE f.user_id = u.user_id AND f.seq >= last.seq)
   ORDER BY u.user_id LIMIT $2`,
);

/**
 * Which users are marked as forgotten without a checkpoint that says so. Values: the user ids and seqs that checkpoints
 * name, the user id or null.
 */
export const findUnsignedForgetting = prepared<{ user_id: string; seq: number }>(
  'audit-find-unsigned-forgetting',
  `SELECT user_id, seq FROM audit_forgotten
   WHERE (user_id, seq) NOT IN (SELECT * FROM unnest($1::text[], $2::bigint[]))
     AND ($3::text IS NULL OR user_id = $3)
   ORDER BY user_id, seq`,
);
