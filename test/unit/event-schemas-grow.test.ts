import { expect } from 'chai';
import { taskEventSchema } from '../../domain/events/schema.js';
import { readReleasedSchemas } from '../support/released-schemas.js';
import { beyondGrowth } from '../support/schema-growth.js';

/** A copy of the schemas with something changed: `set` of a pointer, to nothing when no value is given. */
function changed(pointer: string, value?: unknown): Record<string, unknown> {
  const copy = JSON.parse(JSON.stringify(taskEventSchema)) as Record<string, unknown>;
  const names = pointer.split('/').slice(1);
  const last = names.pop() ?? '';
  let at = copy;
  for (const name of names) at = at[name] as Record<string, unknown>;
  if (value === undefined) Reflect.deleteProperty(at, last);
  else at[last] = value;
  return copy;
}

const event = '/$defs/TASK_CREATED';
const task = '/$defs/Task';
const { required, properties } = taskEventSchema.$defs.TASK_CREATED;

describe('event schemas between releases', () => {
  it('have only grown since the last one, within their version', async () => {
    expect(beyondGrowth(await readReleasedSchemas(), taskEventSchema)).to.deep.equal([]);
  });

  const growth: readonly (readonly [what: string, schema: Record<string, unknown>])[] = [
    ['a property that need not be there', changed(`${event}/properties/cause`, { type: 'string' })],
    ['a value of an enum', changed(`${event}/properties/actor/enum`, [...properties.actor.enum, 'calendar'])],
    ['a looser bound', changed(`${event}/properties/user_id/maxLength`, 256)],
    ['no bound any more', changed(`${event}/properties/user_id/maxLength`)],
    ['a lower minimum', changed(`${event}/properties/seq/minimum`, 0)],
    ['another description', changed(`${event}/properties/seq/description`, 'the count')],
    ['a further type of event', changed('/$defs/TASK_MOVED', taskEventSchema.$defs.TASK_CREATED)],
    ['and its place among the others', changed('/oneOf', [...taskEventSchema.oneOf, { $ref: '#/$defs/TASK_MOVED' }])],
    [
      'a property that need not be there, within an alternative',
      changed(`${task}/properties/recurrence/anyOf/2/properties/until`, { type: 'string' }),
    ],
  ];
  for (const [what, schema] of growth) {
    it(`may gain ${what}`, () => {
      expect(beyondGrowth(taskEventSchema, schema)).to.deep.equal([]);
    });
  }

  const breaks: readonly (readonly [what: string, schema: Record<string, unknown>, at: string])[] = [
    ['a property', changed(`${event}/properties/actor`), `${event}/properties/actor`],
    ['a type of event', changed(event), event],
    ['one among all', changed('/oneOf', taskEventSchema.oneOf.slice(1)), '/oneOf'],
    ['that a property is always there', changed(`${event}/required`, required.slice(1)), `${event}/required`],
    ['a value of an enum', changed(`${event}/properties/actor/enum`, ['rest']), `${event}/properties/actor/enum`],
    ['an enum', changed(`${event}/properties/actor`, {}), `${event}/properties/actor/enum`],
    ['a branch', changed(`${task}/properties/due_date/anyOf`, [{ type: 'null' }]), `${task}/properties/due_date/anyOf`],
    ['a type', changed(`${event}/properties/seq/type`), `${event}/properties/seq/type`],
    ['the items of a list', changed(`${task}/properties/tags/items`), `${task}/properties/tags/items`],
    ['that nothing else may be there', changed(`${event}/additionalProperties`, true), `${event}/additionalProperties`],
  ];
  for (const [what, schema, at] of breaks) {
    it(`may not lose ${what}`, () => {
      const faults = beyondGrowth(taskEventSchema, schema);
      expect(faults).not.to.be.empty;
      expect(faults.join('\n')).to.contain(at);
    });
  }

  const narrowings: typeof breaks = [
    ['a property that must be there', changed(`${event}/required`, [...required, 'cause']), `${event}/required`],
    ['another type', changed(`${event}/properties/seq/type`, 'string'), `${event}/properties/seq/type`],
    [
      'a further type, on which nobody counts',
      changed(`${event}/properties/seq/type`, ['integer', 'null']),
      `${event}/properties/seq/type`,
    ],
    [
      'a further alternative',
      changed(`${task}/properties/due_date/anyOf`, [{}, {}, {}]),
      `${task}/properties/due_date/anyOf`,
    ],
    ['a tighter bound', changed(`${event}/properties/user_id/maxLength`, 64), `${event}/properties/user_id/maxLength`],
    ['a higher minimum', changed(`${event}/properties/seq/minimum`, 2), `${event}/properties/seq/minimum`],
    ['a bound', changed(`${task}/properties/title/maxLength`, 9), `${task}/properties/title/maxLength`],
    ['a format', changed(`${task}/properties/title/format`, 'uri'), `${task}/properties/title/format`],
    ['a pattern', changed(`${task}/properties/title/pattern`, '^a'), `${task}/properties/title/pattern`],
    ['an enum', changed(`${task}/properties/title/enum`, ['a']), `${task}/properties/title/enum`],
    ['another const', changed(`${event}/properties/type/const`, 'X'), `${event}/properties/type/const`],
    ['what it has no word for', changed(`${event}/minProperties`, 3), `${event}/minProperties`],
    ['another reference', changed(`${event}/properties/after/$ref`, '#/$defs/X'), `${event}/properties/after/$ref`],
  ];
  for (const [what, schema, at] of narrowings) {
    it(`may not gain ${what}`, () => {
      const faults = beyondGrowth(taskEventSchema, schema);
      expect(faults).not.to.be.empty;
      expect(faults.join('\n')).to.contain(at);
    });
  }
});
