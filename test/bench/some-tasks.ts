import { priorities } from '../../domain/task/task.js';

const words = ['rent', 'milk', 'report', 'passport', 'garden', 'invoice', 'dentist', 'bicycle', 'letter', 'library'];
const tags = ['home', 'work', 'errand', 'family'];

/** The body of a create request, different for each number: a task as people write them, about 300 bytes. */
export function someTask(number: number): object {
  const word = words[number % words.length] ?? '';
  const day = String(1 + (number % 28)).padStart(2, '0');
  const month = String(1 + (Math.floor(number / 28) % 12)).padStart(2, '0');
  return {
    title: `Take care of the ${word}, number ${number}`,
    description: `What is known so far of the ${word}: it was promised last week, and somebody is waiting for it.`,
    priority: priorities[number % priorities.length],
    tags: [tags[number % tags.length], tags[(number + 1) % tags.length]],
    due_date: `2027-${month}-${day}T09:30`,
    time_zone: number % 2 === 0 ? 'Europe/Berlin' : 'America/New_York',
  };
}
