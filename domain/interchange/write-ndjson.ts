import type { ExportedTask } from './exported-task.js';

/** Writes each task as the interface shows it, as JSON on a line of its own. */
export async function* writeNdjson(tasks: AsyncIterable<ExportedTask>): AsyncGenerator<string> {
  for await (const { floating: _floating, source_id: _source, ...task } of tasks) yield `${JSON.stringify(task)}\n`;
}
