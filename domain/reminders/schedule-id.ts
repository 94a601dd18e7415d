/**
 * The Dapr actor id of a user's reminders. Dapr's scheduler takes letters, digits and some signs only; base64url keeps to
 * those, whatever the user is called.
 */
export function reminderScheduleId(userId: string): string {
  return Buffer.from(userId).toString('base64url');
}

/** The inverse of {@link reminderScheduleId}; null for what it never made. */
export function parseReminderScheduleId(actorId: string): string | null {
  const userId = Buffer.from(actorId, 'base64url').toString();
  return userId !== '' && reminderScheduleId(userId) === actorId ? userId : null;
}

/** The actor of a user's reminders, as Dapr is told of it. */
export function reminderScheduleOf(userId: string): { readonly type: string; readonly id: string } {
  return { type: 'ReminderSchedule', id: reminderScheduleId(userId) };
}
