/**
 * The topics that every event of a task goes to.
 *
 * | topic        | written by      | read by                                     |
 * | ------------ | --------------- | ------------------------------------------- |
 * | task-events  | the event relay | whoever reacts to what happens to tasks     |
 * | task-updates | the event relay | websocket                                   |
 * | task-audit   | the event relay | audit                                       |
 */
export const taskTopics = ['task-events', 'task-updates', 'task-audit'] as const;

export type Topic = (typeof taskTopics)[number];
