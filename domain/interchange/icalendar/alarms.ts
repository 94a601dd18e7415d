import { localDateFault, toInstant, toLocal } from '../../dates/local-date.js';
import type { Reminder } from '../../task/task.js';
import { relativeReminder, type TriggerBase } from '../reminder-trigger.js';
import { readMoment, type CalendarZones } from './calendar-zones.js';
import { first, parameter, valueOf, type Component, type Property } from './jcal.js';

/** Wall time cannot stand in an absolute trigger, which RFC 5545 section 3.8.6.3 has in UTC: it goes beside it. */
const wallTimeParameter = 'x-todo-chatbot-at';

export interface AlarmBase extends TriggerBase {
  /** True when the task names no zone, so that its wall times move with the user. */
  readonly floating: boolean;
}

/**
 * Reads a VALARM.
 * @param lost takes what the reminder cannot hold
 * @returns null when the alarm is no reminder
 */
export function readAlarm(alarm: Component, base: AlarmBase, zones: CalendarZones, lost: string[]): Reminder | null {
  const action = valueOf(first(alarm, 'action')).toUpperCase();
  // Apple's mark of an entry that has no alarm.
  if (action === 'NONE') return null;
  const proximity = first(alarm, 'x-apple-proximity');
  if (proximity) {
    lost.push('VALARM at a place');
    return null;
  }
  if (action === 'EMAIL' || action === 'PROCEDURE') lost.push(`VALARM ACTION:${action}`);
  if (Number(valueOf(first(alarm, 'repeat'))) > 0) lost.push('VALARM REPEAT');

  const trigger = first(alarm, 'trigger');
  const reminder = trigger && readTrigger(trigger, base, zones);
  if (!reminder) lost.push(`VALARM TRIGGER:${valueOf(trigger)}`);
  return reminder;
}

function readTrigger(trigger: Property, base: AlarmBase, zones: CalendarZones): Reminder | null {
  if (trigger[2] !== 'date-time') {
    const related = parameter(trigger, 'related')?.toUpperCase() === 'END' ? 'end' : 'start';
    return relativeReminder(valueOf(trigger), related, base);
  }
  const moment = readMoment(trigger, zones);
  if (!moment?.local.includes('T') || localDateFault(moment.local) !== null) return null;
  const instant = toInstant(moment.local, moment.zone ?? base.zone);
  const wall = parameter(trigger, wallTimeParameter);
  // Another program may have moved the trigger and left the parameter.
  if (wall !== null && localDateFault(wall) === null && (base.floating || toInstant(wall, base.zone) === instant)) {
    return { at: wall };
  }
  return { at: toLocal(instant, base.zone) };
}

/**
 * Writes a reminder.
 * @param title what the alarm shows
 */
export function alarmOf(reminder: Reminder, title: string, zone: string, floating: boolean): Component {
  return [
    'valarm',
    [['action', {}, 'text', 'DISPLAY'], ['description', {}, 'text', title], triggerOf(reminder, zone, floating)],
    [],
  ];
}

function triggerOf(reminder: Reminder, zone: string, floating: boolean): Property {
  if ('before' in reminder) return ['trigger', { related: 'END' }, 'duration', `-${reminder.before}`];
  const instant = toInstant(reminder.at, zone);
  const exact = !floating && toLocal(instant, zone) === reminder.at;
  const parameters = exact ? {} : { [wallTimeParameter]: reminder.at };
  return ['trigger', parameters, 'date-time', new Date(instant).toISOString().slice(0, 19) + 'Z'];
}
