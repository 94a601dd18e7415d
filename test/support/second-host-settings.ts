import type { Servers } from '../../runtime/dapr/start.js';

/** What a second host calls itself in PostgreSQL. */
export const secondHostName = 'todo-chatbot second host';

/** What the process of a second host is told, as JSON in `SECOND_HOST`. */
export interface SecondHostSettings {
  /** Of its sidecar's folder. */
  readonly name: string;
  readonly databaseUrl: string;
  readonly kafkaBrokers: string | null;
  readonly servers: Servers;
  /** Folder of Dapr's programs. */
  readonly programs: string;
  readonly logLevel: string;
}
