/** A line that the log channel wrote. */
export interface ReminderLine {
  readonly delivery_id: string;
  readonly user_id: string;
  readonly task_id: string;
  readonly reminder_id: string;
  readonly occurrence: number | null;
  readonly due_at: string;
  readonly late_by_seconds: number;
  readonly is_test?: boolean;
}

/** The lines of the log channel among all that a system printed. */
export function reminderLines(lines: readonly string[]): ReminderLine[] {
  return lines.flatMap((line) => {
    // A member of the split shape has its name before it.
    const [, json = ''] = /^(?:\[[\w-]+\] )?(\{.*"channel":"log".*\})$/.exec(line) ?? [];
    return json === '' ? [] : [JSON.parse(json) as ReminderLine];
  });
}
