import { slots, type Slot } from '../../domain/recurrence/calculate.js';
import { recurrenceWords, type Recurrence } from '../../domain/task/task.js';

/** A word, or a rule with the defaults of what else a recurrence has. */
export function recurrenceOf(text: string): Recurrence {
  return recurrenceWords.find((word) => word === text) ?? { rule: text, basis: 'due_date', catch_up: 'next' };
}

/** The first slots of a series. */
export function firstSlots(recurrence: string, start: string, zone: string, most: number): Slot[] {
  const found: Slot[] = [];
  for (const slot of slots(recurrenceOf(recurrence), start, zone)) {
    if (found.length === most) break;
    found.push(slot);
  }
  return found;
}

/** Their local times; one that a clock change moved has a star. */
export function firstLocals(recurrence: string, start: string, zone: string, most: number): string[] {
  return firstSlots(recurrence, start, zone, most).map(({ local, shifted }) => `${local}${shifted ? '*' : ''}`);
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Dates as the RFCs list them: `1997 Sep 2,9,16-18; Oct 1; 1998 Jan 6`. */
export function listed(text: string): string[] {
  let year = '';
  return text.split(/;\s*/).flatMap((group) => {
    const words = group.split(' ');
    if (words.length === 3) year = words.shift() ?? '';
    const [month = '', days = ''] = words;
    return days.split(',').flatMap((range) => {
      const [from = 0, to = from] = range.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, index) =>
        [year, months.indexOf(month) + 1, from + index].map((part) => String(part).padStart(2, '0')).join('-'),
      );
    });
  });
}
