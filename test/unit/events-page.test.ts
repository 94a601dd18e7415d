import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { fromCloudEvent, toCloudEvent } from '../../domain/events/cloud-event.js';
import { eventSchemas } from '../../domain/events/schema.js';
import { deadLetterTopic, topicTable } from '../../domain/events/topics.js';
import { packageRoot } from '../../runtime/package-root.js';

const page = await readFile(join(packageRoot, 'docs/events.md'), 'utf8');

describe('what readers of the topics read of them', () => {
  it('are the topics as they are, and nobody else', () => {
    const days = (ms: number): string => (ms === 86_400_000 ? '1 day' : `${ms / 86_400_000} days`);
    const rows = Object.entries(topicTable).map(
      ([name, { writtenBy, readBy, keptMs }]) =>
        `| \`${name}\` | ${writtenBy} | ${readBy} | ${keptMs === -1 ? 'for ever' : days(keptMs)} |`,
    );
    expect(page.match(/^\| `.*$/gm)).to.deep.equal(rows);
    expect(page).to.contain(deadLetterTopic('<topic>' as keyof typeof topicTable));
  });

  it('are the types of events that there are', () => {
    expect(page).to.contain(`(${Object.keys(eventSchemas).join(', ')})`);
  });

  it('is an event as the program makes it, but for its signature, which only shows what one looks like', () => {
    const [, json = ''] = /```json\n([^]*?)```/.exec(page) ?? [];
    const { signature, ...shown } = JSON.parse(json) as { signature: string };
    expect(signature).to.match(/^\d+\.[\w-]{43}$/);
    expect(shown).to.deep.equal(toCloudEvent(fromCloudEvent(shown)));
  });
});
