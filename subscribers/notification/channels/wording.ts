import type { ReminderMessage } from './channel.js';

/** What people read: `Pay rent`, `Due 2026-11-30 09:00 (Europe/Berlin)`, `This reminder comes 2 h 5 min late.` */
export interface Wording {
  readonly title: string;
  readonly lines: readonly string[];
}

export function wordingOf({ task, late_by_seconds, is_test }: ReminderMessage): Wording {
  const { title, due_date, time_zone } = task;
  return {
    title,
    lines: [
      ...(due_date === null ? [] : [`Due ${due_date.replace('T', ' ')} (${time_zone})`]),
      ...(late_by_seconds < 60 ? [] : [`This reminder comes ${span(late_by_seconds)} late.`]),
      ...(is_test ? ['You asked for this message to try the channel; no task is due.'] : []),
    ],
  };
}

/** `45 min`, `2 h 5 min`, `3 d 1 h`: to the minute, and to the hour beyond a day. */
export function span(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  const parts = days > 0 ? [`${days} d`, `${hours} h`] : [`${hours} h`, `${minutes % 60} min`];
  return parts.filter((part) => !part.startsWith('0 ')).join(' ') || `${minutes} min`;
}
