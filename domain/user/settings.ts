import { isTimeZone } from '../dates/local-date.js';
import { TodoError } from '../errors.js';
import { validator } from '../validation.js';

/** What a user chose. */
export interface UserSettings {
  /** IANA zone of everything of this user's that names none. */
  readonly time_zone: string;
  readonly notifications: { readonly channels: { readonly log: { readonly enabled: boolean } } };
  /** Wall time in `time_zone`; over midnight when the end is before the start. null: none. */
  readonly quiet_hours: { readonly start: string; readonly end: string } | null;
}

export const defaultSettings: UserSettings = {
  time_zone: 'UTC',
  notifications: { channels: { log: { enabled: true } } },
  quiet_hours: null,
};

const timeOfDay = { type: 'string', pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', examples: ['22:00'] } as const;
const zone = { description: 'an IANA zone', maxLength: 64, examples: ['Europe/Berlin'] } as const;
const closed = { type: 'object', additionalProperties: false } as const;
const openable = { type: ['object', 'null'], additionalProperties: false } as const;

export const settingsSchema = {
  ...closed,
  required: ['time_zone', 'notifications', 'quiet_hours'],
  properties: {
    time_zone: { ...zone, type: 'string' },
    notifications: {
      ...closed,
      required: ['channels'],
      properties: {
        channels: {
          ...closed,
          required: ['log'],
          properties: {
            log: { ...closed, required: ['enabled'], properties: { enabled: { type: 'boolean' } } },
          },
        },
      },
    },
    quiet_hours: { ...openable, required: ['start', 'end'], properties: { start: timeOfDay, end: timeOfDay } },
  },
} as const;

/** A JSON merge patch (RFC 7396) of the settings: null sets back to the default. */
export const settingsPatchSchema = {
  ...closed,
  minProperties: 1,
  properties: {
    time_zone: { ...zone, type: ['string', 'null'] },
    notifications: {
      ...openable,
      properties: {
        channels: {
          ...openable,
          properties: { log: { ...openable, properties: { enabled: { type: ['boolean', 'null'] } } } },
        },
      },
    },
    quiet_hours: { ...openable, properties: { start: timeOfDay, end: timeOfDay } },
  },
} as const;

const validPatch = validator<Json>(settingsPatchSchema);
const validSettings = validator<UserSettings>(settingsSchema);

type Json = Readonly<Record<string, unknown>>;

/** Completes what is stored of a user by the defaults. */
export function settingsOf(stored: Json): UserSettings {
  // A null of the patch takes a member away; the one that may be null comes back.
  return validSettings({ quiet_hours: null, ...asJson(merge(defaultSettings, stored)) });
}

/**
 * Applies a merge patch.
 * @throws TodoError `invalid` that names every fault
 */
export function patchSettings(current: UserSettings, patch: unknown): UserSettings {
  const wanted = settingsOf(asJson(merge(asJson(current), validPatch(patch))));
  if (!isTimeZone(wanted.time_zone)) {
    throw TodoError.invalid('/time_zone', 'is not a zone of the IANA database; write for example Europe/Berlin');
  }
  if (wanted.quiet_hours && wanted.quiet_hours.start === wanted.quiet_hours.end) {
    throw TodoError.invalid('/quiet_hours', 'must not begin and end at the same time; write null for none');
  }
  return wanted;
}

/** RFC 7396 section 2: an absent member stays, null takes it away. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, merge(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const asJson = (value: unknown): Json => (isObject(value) ? value : {});
