/** What daprd is told of the actors here. */
export interface ActorSettings {
  readonly types: readonly string[];
  /** How long an actor may go without a call before daprd has it deactivated, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** How long a turn may go on when its actor moves to another host, in milliseconds. */
  readonly drainTimeoutMs: number;
}

/** The answer to `GET /dapr/config` (Dapr: "How-to: Set up actor runtime configuration"; durations are Go's). */
export function daprActorConfig({ types, idleTimeoutMs, drainTimeoutMs }: ActorSettings): object {
  return {
    entities: types,
    actorIdleTimeout: `${idleTimeoutMs}ms`,
    // Later versions look at each actor's own time; those that scan shall not add much to the time-out.
    actorScanInterval: `${Math.ceil(idleTimeoutMs / 4)}ms`,
    drainOngoingCallTimeout: `${drainTimeoutMs}ms`,
    drainRebalancedActors: true,
    reentrancy: { enabled: false },
  };
}
