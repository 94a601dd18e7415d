import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { fromCloudEvent, toCloudEvent } from '../../domain/events/cloud-event.js';
import { toChange, type CommittedEvent } from '../../domain/events/event.js';
import { eventSchemas, taskEventSchema } from '../../domain/events/schema.js';
import { TodoError } from '../../domain/errors.js';
import { validator } from '../../domain/validation.js';
import { generatedTypesFile, generateEventTypes } from '../support/event-types.js';
import { eventAt, taskAt } from '../support/events.js';

const [before, after] = [taskAt('alice', 1), taskAt('alice', 2)];
const place = { ...eventAt('alice', 2), before, after };
const fact = { ...place, before: null };
const reminder = {
  reminder_id: place.event_id,
  occurrence: null,
  due_at: '2026-11-29T17:00:00.000Z',
  reminder: { at: '2026-11-29T18:00' },
};
/** A sound event of each type. */
const examples: Record<keyof typeof eventSchemas, CommittedEvent> = {
  TASK_CREATED: { ...place, type: 'TASK_CREATED', before: null },
  TASK_UPDATED: { ...place, type: 'TASK_UPDATED' },
  TASK_COMPLETED: { ...place, type: 'TASK_COMPLETED' },
  TASK_REOPENED: { ...place, type: 'TASK_REOPENED' },
  TASK_SKIPPED: { ...place, type: 'TASK_SKIPPED' },
  TASK_DELETED: { ...place, type: 'TASK_DELETED', after: null },
  TASK_RECURRED: {
    ...fact,
    type: 'TASK_RECURRED',
    detail: { series_id: fact.task_id, occurrence: 2, occurrence_date: '2026-12-31', previous_task_id: fact.task_id },
  },
  SERIES_ENDED: { ...fact, type: 'SERIES_ENDED', detail: { series_id: fact.task_id, occurrence: 2 } },
  REMINDER_SCHEDULED: { ...fact, type: 'REMINDER_SCHEDULED', detail: reminder },
  REMINDER_CANCELLED: { ...fact, type: 'REMINDER_CANCELLED', detail: { ...reminder, reminder: { before: 'PT15M' } } },
  REMINDER_DUE: { ...fact, type: 'REMINDER_DUE', detail: { ...reminder, occurrence: 1, late_by_seconds: 0 } },
  REMINDER_DELIVERED: {
    ...fact,
    type: 'REMINDER_DELIVERED',
    detail: { ...reminder, channel: 'log', delivered_at: place.timestamp, late_by_seconds: 3 },
  },
};
const changeTypes = Object.keys(examples).filter((type) => type.startsWith('TASK_') && type !== 'TASK_RECURRED');

/** Where an event is at fault: the pointers of the refusal. */
function faults(event: object): string[] {
  try {
    toCloudEvent(event as CommittedEvent);
  } catch (error) {
    if (error instanceof TodoError && error.code === 'invalid') return error.errors.map(({ pointer }) => pointer);
    throw error;
  }
  return [];
}

describe('the schemas of the events', () => {
  it('are what the TypeScript types are generated from: those are up to date', async function () {
    this.timeout(30_000);
    expect(await generateEventTypes()).to.equal(await readFile(generatedTypesFile, 'utf8'));
  });

  it('are each a JSON Schema that compiles, and all of them together', () => {
    for (const schema of Object.values(eventSchemas)) {
      expect(() => validator({ ...schema, $defs: taskEventSchema.$defs })).not.to.throw();
    }
    expect(() => validator(taskEventSchema)).not.to.throw();
  });

  for (const [type, event] of Object.entries(examples)) {
    it(`let ${type} pass as the program makes it, and come back the same`, () => {
      expect(fromCloudEvent(JSON.parse(JSON.stringify(toCloudEvent(event))))).to.deep.equal(event);
    });

    it(`let ${type} pass neither with a field too many, nor with one missing, nor with one of another kind`, () => {
      expect(faults({ ...event, colour: 'red' })).to.include('/colour');
      for (const field of Object.keys(event)) {
        const { [field as keyof CommittedEvent]: _left, ...rest } = event;
        expect(faults(rest), `without ${field}`).to.include(`/${field}`);
        expect(faults({ ...event, [field]: [] }), `${field} as a list`).not.to.be.empty;
      }
    });
  }

  it('let only a creation begin with nothing, and only a deletion end with nothing', () => {
    for (const [type, event] of Object.entries(examples).filter(([name]) => changeTypes.includes(name))) {
      expect(faults({ ...event, before: null }).length > 0, type).to.equal(type !== 'TASK_CREATED');
      expect(faults({ ...event, after: null }).length > 0, type).to.equal(type !== 'TASK_DELETED');
      expect(faults({ ...event, before, after }).length > 0).to.equal(['TASK_CREATED', 'TASK_DELETED'].includes(type));
    }
  });

  it('let a fact show the task as it stands, be it deleted, but no task before it, and each only its own detail', () => {
    const facts = Object.values(examples).filter(({ type }) => !changeTypes.includes(type));
    for (const event of facts) {
      expect(faults({ ...event, after: null }), event.type).to.deep.equal([]);
      expect(faults({ ...event, before }), event.type).to.deep.equal(['/before']);
      const sameDetail = JSON.stringify(Object.keys(event.detail ?? {}).sort());
      for (const { type, detail } of facts) {
        const fits = JSON.stringify(Object.keys(detail ?? {}).sort()) === sameDetail;
        expect(faults({ ...event, detail }).length === 0, `${event.type} with the detail of ${type}`).to.equal(fits);
      }
      for (const name of Object.keys(event.detail ?? {})) {
        const { [name as keyof typeof event.detail]: _left, ...rest } = event.detail ?? {};
        expect(faults({ ...event, detail: rest }), name).to.include(`/detail/${name}`);
      }
    }
    for (const type of changeTypes) {
      expect(faults({ ...examples[type as 'TASK_UPDATED'], detail: reminder }), type).to.deep.equal(['/detail']);
    }
  });

  it('let no task pass that shows what only the program needs', () => {
    expect(faults({ ...examples.TASK_UPDATED, after: { ...after, origin: null } })).not.to.be.empty;
    expect(faults({ ...examples.TASK_UPDATED, after: { ...after, floating: true } })).not.to.be.empty;
  });
});

describe('an event on its journey', () => {
  it('is a CloudEvent 1.0 that carries its own id, its task, its user for the order, and the name of its schema', () => {
    const event = examples.TASK_COMPLETED;
    expect(toCloudEvent(event)).to.deep.equal({
      specversion: '1.0',
      id: event.event_id,
      source: '/todo-chatbot/tasks',
      type: 'TASK_COMPLETED',
      subject: event.task_id,
      time: event.timestamp,
      datacontenttype: 'application/json',
      dataschema: 'urn:todo-chatbot:event:TASK_COMPLETED:1',
      partitionkey: 'alice',
      data: event,
    });
  });

  it('is refused on arrival when it is no CloudEvent, or its data does not fit', () => {
    const sound = toCloudEvent(examples.TASK_UPDATED);
    const broken = [null, 'x', {}, { ...sound, specversion: '0.3' }, { ...sound, data: { ...sound.data, seq: 0 } }];
    for (const received of broken) {
      expect(() => fromCloudEvent(received))
        .to.throw(TodoError)
        .with.property('code', 'invalid');
    }
  });

  it('is shown to clients as a change: the task after it, and nothing of what was before', () => {
    expect(toChange(examples.TASK_DELETED)).to.deep.equal({
      seq: 2,
      type: 'TASK_DELETED',
      task_id: place.task_id,
      timestamp: place.timestamp,
      task: null,
    });
    expect(toChange(examples.TASK_UPDATED)).to.include({ task: after }).and.not.to.have.property('detail');
  });

  it('is shown with its detail when it is a fact, beside the task as it stands', () => {
    expect(toChange(examples.REMINDER_SCHEDULED)).to.deep.include({ task: after, detail: reminder });
  });
});
