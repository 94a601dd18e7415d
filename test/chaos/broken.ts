import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../runtime/package-root.js';

/** Ways in which the program could be wrong, and which chaos must bring to light. */
export const breakages = [
  'publish-before-commit',
  'no-fence',
  'no-dedupe',
  'random-successor',
  'due-unchecked',
] as const;
export type Breakage = (typeof breakages)[number];

interface Patch {
  /** In `dist/`. */
  readonly file: string;
  /** What stands there once, and what is to stand there. */
  readonly from: string;
  readonly to: string;
}

const actor = 'actors/task/task-actor.js';
const recurrence = 'subscribers/recurrence/role.js';
const fireDue = 'actors/reminder-schedule/fire-due.js';
const commit = 'actors/task/sql/commit-event.js';
/** Whatever version the decision was based on. */
const nextVersion =
  '($4::int * 0 + 1 + coalesce((SELECT max(e.version) FROM events e WHERE e.user_id = $1 AND e.task_id = $3), 0))';

const patches: Readonly<Record<Breakage, readonly Patch[]>> = {
  // The relay is told of an event, with the seq that it should get, and then it is committed.
  'publish-before-commit': [
    {
      file: actor,
      from: 'this.parts.lanes.run(this.userId, () => {',
      to: `this.parts.lanes.run(this.userId, async () => {
        const { rows } = await this.parts.pool.query('SELECT seq FROM users WHERE user_id = $1', [this.userId]);
        this.parts.committed({
          event_id: sent.command_id, type, user_id: this.userId, task_id: this.taskId,
          seq: Number(rows[0]?.seq ?? 0) + 1, version, timestamp, actor: sent.actor,
          before: snapshot.task && toTask(snapshot.task), after: after && toTask(after),
        });`,
    },
    {
      file: actor,
      from: '        this.parts.committed({\n            event_id',
      to: '        void ({\n            event_id',
    },
  ],
  // A decision that was based on an old version is committed all the same, as the next version.
  'no-fence': [
    { file: commit, from: 'SELECT $1, seq, $2, $3, $4,', to: `SELECT $1, seq, $2, $3, ${nextVersion},` },
    { file: commit, from: 'SELECT $1, $9, $11, $3, $4,', to: `SELECT $1, $9, $11, $3, ${nextVersion},` },
    { file: commit, from: 'SELECT $1, $3, $4, $7, coalesce(', to: `SELECT $1, $3, ${nextVersion}, $7, coalesce(` },
  ],
  // That something was done under a key of a client before is of no matter.
  'no-dedupe': [
    { file: commit, from: 'WHERE $9::text IS NOT NULL', to: 'WHERE $9::text IS NOT NULL ON CONFLICT DO NOTHING' },
  ],
  // What follows an occurrence has an id of its own each time.
  'random-successor': [
    { file: recurrence, from: 'occurrenceId(step.series_id, step.occurrence + 1)', to: 'crypto.randomUUID()' },
    {
      file: actor,
      from: "const event = takeStep(step, zone ?? 'UTC', timestamp);",
      to: `const happens = takeStep(step, zone ?? 'UTC', timestamp);
        const event = happens?.task ? { ...happens, task: { ...happens.task, id: this.taskId } } : happens;`,
    },
  ],
  // A reminder comes whatever has become of it since it was planned, and again when it has come.
  'due-unchecked': [
    { file: fireDue, from: "WHERE r.status = 'pending' AND r.due_at", to: 'WHERE r.due_at' },
    { file: fireDue, from: "derivedId(reminderId, 'due')", to: 'crypto.randomUUID()' },
  ],
};

/**
 * Makes a copy of this package's build that is broken in one way.
 * @throws Error when the code no longer reads as the patch expects
 */
export async function breakProgram(breakage: Breakage): Promise<{ root: string; remove(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'todo-chatbot-broken-'));
  for (const name of await readdir(packageRoot)) {
    if (name !== 'dist' && !name.startsWith('.')) await symlink(join(packageRoot, name), join(root, name));
  }
  await cp(join(packageRoot, 'dist'), join(root, 'dist'), { recursive: true });
  for (const { file, from, to } of patches[breakage]) {
    const path = join(root, 'dist', file);
    const [before, after, ...more] = (await readFile(path, 'utf8')).split(from);
    if (before === undefined || after === undefined || more.length > 0) {
      throw new Error(`${breakage} cannot be made: dist/${file} does not hold this once: ${from}`);
    }
    await writeFile(path, before + to + after);
  }
  return { root, remove: () => rm(root, { recursive: true }) };
}
