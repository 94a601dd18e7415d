/** A JSON Schema as it is compared: any member may be there. */
type Schema = Readonly<Record<string, unknown>>;

/** Says nothing about what is valid. */
const remarks = new Set(['title', 'description', 'examples', '$comment']);
/** Which way a bound may move: what was within it stays within it. */
const bounds: Readonly<Record<string, 'up' | 'down'>> = {
  maxLength: 'up',
  maxItems: 'up',
  maximum: 'up',
  minLength: 'down',
  minItems: 'down',
  minimum: 'down',
};

/**
 * In what a schema did more than grow since it was released. It may gain: a property that need not be there, a value of an
 * `enum`, a looser bound, an entry of `$defs`, and of the `oneOf` of them at its top. Then every event from before is read
 * by whoever knows the new schema, and who ignores what it does not know finds all that it relied on.
 * @returns a line for each change that is no growth, with a JSON pointer into the schema
 */
export function beyondGrowth(released: Schema, present: Schema, at = ''): string[] {
  const faults: string[] = [];
  for (const keyword of new Set([...Object.keys(released), ...Object.keys(present)])) {
    const [before, after] = [released[keyword], present[keyword]];
    const place = `${at}/${keyword}`;
    if (remarks.has(keyword) || isSame(before, after)) continue;
    if (keyword === 'properties' || keyword === '$defs') {
      faults.push(...inEach(asSchema(before), asSchema(after), place));
    } else if (keyword === 'required') {
      faults.push(...inRequired(asList(before), asList(after), place));
    } else if (keyword === 'enum' || (keyword === 'oneOf' && at === '')) {
      const gone = asList(before).filter((value) => !asList(after).some((other) => isSame(value, other)));
      faults.push(...gone.map((value) => `${place}: ${JSON.stringify(value)} is gone`));
      if (before === undefined || after === undefined) faults.push(`${place} ${came(before)}`);
    } else if (keyword in bounds) {
      const isLooser =
        after === undefined || Number(after) * (bounds[keyword] === 'up' ? 1 : -1) > looseness(keyword, before);
      if (!isLooser) faults.push(`${place} is narrower: ${JSON.stringify(before)} → ${JSON.stringify(after)}`);
    } else if (keyword === 'items' && before !== undefined && after !== undefined) {
      faults.push(...beyondGrowth(asSchema(before), asSchema(after), place));
    } else if (keyword === 'anyOf' && asList(before).length === asList(after).length) {
      const [branches, others] = [asList(before), asList(after)];
      branches.forEach((branch, index) => {
        faults.push(...beyondGrowth(asSchema(branch), asSchema(others[index]), `${place}/${index}`));
      });
    } else {
      faults.push(`${place} is not what it was: ${JSON.stringify(before)} → ${JSON.stringify(after)}`);
    }
  }
  return faults;
}

function inEach(before: Schema, after: Schema, at: string): string[] {
  return Object.entries(before).flatMap(([name, schema]) =>
    after[name] === undefined
      ? [`${at}/${name} is gone`]
      : beyondGrowth(asSchema(schema), asSchema(after[name]), `${at}/${name}`),
  );
}

function inRequired(before: readonly unknown[], after: readonly unknown[], at: string): string[] {
  return [
    ...before
      .filter((name) => !after.includes(name))
      .map((name) => `${at}: "${String(name)}" need not be there any more`),
    ...after.filter((name) => !before.includes(name)).map((name) => `${at}: "${String(name)}" was not there before`),
  ];
}

/** A bound that was not there was the loosest. */
const looseness = (keyword: string, bound: unknown): number =>
  bound === undefined ? Infinity : Number(bound) * (bounds[keyword] === 'up' ? 1 : -1);

const came = (before: unknown): string => (before === undefined ? 'was not there before' : 'is gone');
const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
const asSchema = (value: unknown): Schema => Object(value ?? {}) as Schema;
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
