import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { readUserZone } from './sql/read-task.js';

/** How many users' zones one process remembers. */
const most = 50_000;

/** Remembers each user's own zone. It may be out of date: a commit that relies on it says so and is refused if it is. */
export class UserZones {
  private readonly zones = new LRUCache<string, string>({ max: most });

  constructor(private readonly pool: Pool) {}

  async get(userId: string): Promise<string> {
    const known = this.zones.get(userId);
    if (known !== undefined) return known;
    const zone = await readUserZone(this.pool, userId);
    this.zones.set(userId, zone);
    return zone;
  }

  forget(userId: string): void {
    this.zones.delete(userId);
  }
}
