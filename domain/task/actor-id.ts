/**
 * The Dapr actor id of a task: user and task. Dapr unescapes the id of a URL and hands it on unescaped, so the user id
 * travels as base64url, which no URL changes.
 */
export function taskActorId(userId: string, taskId: string): string {
  return `${Buffer.from(userId).toString('base64url')}.${taskId}`;
}

/** The inverse of {@link taskActorId}; null for what it never made. */
export function parseTaskActorId(actorId: string): { userId: string; taskId: string } | null {
  const dot = actorId.indexOf('.');
  const userId = Buffer.from(actorId.slice(0, dot), 'base64url').toString();
  const taskId = actorId.slice(dot + 1);
  return dot > 0 && taskActorId(userId, taskId) === actorId ? { userId, taskId } : null;
}
