import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import {
  patchSettings,
  settingsOf,
  settingsPatchSchema,
  settingsSchema,
  shownSettings,
  type PatchRules,
  type ShownSettings,
  type UserSettings,
} from '../../domain/user/settings.js';
import { isDatabaseUnavailable } from '../../runtime/postgres/availability.js';
import type { Answer } from '../answer.js';
import type { GatewayContext } from '../context.js';
import { jsonResponse } from '../json-media.js';
import { route, type BodyInput, type Route } from '../route.js';
import { ensureUser, lockSettings, readSettings, writeSettings } from '../sql/user-settings.js';

const me = {
  type: 'object',
  additionalProperties: false,
  required: ['user_id', ...settingsSchema.required],
  properties: { user_id: { type: 'string' }, ...settingsSchema.properties },
} as const;

const patch: BodyInput<unknown> = {
  schema: settingsPatchSchema,
  contentTypes: ['application/merge-patch+json', 'application/json'],
  required: true,
  // What is wrong shows only when the patch meets the settings.
  parse: (json) => json,
  example: { time_zone: 'Europe/Berlin', quiet_hours: { start: '22:00', end: '07:00' } },
};

/** What a user chose. */
export function meRoutes({ pool, config, dapr }: Pick<GatewayContext, 'pool' | 'config' | 'dapr'>): Route[] {
  const rules: PatchRules = {
    newSecret: () => `whsec_${randomBytes(32).toString('base64')}`,
    mayBeHttp: config.notification.allowsPrivateTargets,
  };
  return [
    route({
      method: 'get',
      path: '/v1/me',
      scope: 'tasks:read',
      operationId: 'getMe',
      summary: 'Read your settings',
      responses: { 200: jsonResponse('your settings', me) },
      handle: async ({ userId }) => answer(userId, shownSettings(toSettings(await readSettings(pool, [userId])))),
    }),
    route({
      method: 'patch',
      path: '/v1/me',
      scope: 'tasks:write',
      operationId: 'updateMe',
      summary: 'Change your settings (JSON merge patch)',
      body: patch,
      responses: { 200: jsonResponse('your settings after it', me) },
      async handle({ userId, body }) {
        const settings = await change(pool, userId, body, rules);
        // Tasks that go by the user's own zone hear of a new one soon. What does not arrive here, the sweep finds.
        if (hasZone(body)) void dapr.invoke('actors', 'zone-changed', {}).catch(() => undefined);
        return answer(userId, settings);
      },
    }),
  ];
}

const hasZone = (body: unknown): boolean => typeof body === 'object' && body !== null && 'time_zone' in body;

type SettingsRows = Awaited<ReturnType<typeof readSettings>>;

function toSettings([row]: SettingsRows): UserSettings {
  return settingsOf(row ? { ...row.settings, time_zone: row.time_zone } : {});
}

function answer(userId: string, settings: ShownSettings): Answer {
  return { status: 200, body: JSON.stringify({ user_id: userId, ...settings }) };
}

async function change(pool: Pool, userId: string, wanted: unknown, rules: PatchRules): Promise<ShownSettings> {
  const client = await pool.connect();
  let failure: unknown;
  try {
    await client.query('BEGIN');
    await ensureUser(client, [userId]);
    const before = toSettings(await lockSettings(client, [userId]));
    const settings = patchSettings(before, wanted, rules);
    const { time_zone, ...rest } = settings;
    await writeSettings(client, [userId, time_zone, JSON.stringify(rest)]);
    await client.query('COMMIT');
    return shownSettings(settings, before);
  } catch (error) {
    failure = error;
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    // A connection that broke is not used again.
    client.release(isDatabaseUnavailable(failure));
  }
}
