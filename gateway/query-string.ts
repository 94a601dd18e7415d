import type { Context } from 'koa';
import { TodoError, type InputError } from '../domain/errors.js';
import { validator } from '../domain/validation.js';
import type { QueryInput } from './route.js';

interface ParameterSchema {
  readonly type?: string;
}

const noParameters = { schema: { type: 'object', additionalProperties: false, properties: {} } };

/**
 * Makes the reader of a route's query string. What is repeated becomes a list where the schema has one, numbers are read
 * where it has numbers; the schema then checks the whole.
 */
export function parseQueryString<Query>(input: QueryInput<Query> | undefined): (ctx: Context) => Query {
  const { schema } = input ?? noParameters;
  const check = validator<object>(schema, 'query');
  const properties = propertiesOf(schema);
  return (ctx) => {
    const url = ctx.req.url ?? '';
    const start = url.indexOf('?');
    const parameters = start < 0 ? {} : typed(decoded(url.slice(start + 1)), properties);
    const checked = check(parameters);
    return input ? input.parse(checked) : (checked as Query);
  };
}

function propertiesOf(schema: object): Readonly<Record<string, ParameterSchema>> {
  return 'properties' in schema ? (schema.properties as Record<string, ParameterSchema>) : {};
}

/** The names and values, strictly decoded (WHATWG's form encoding, where `+` is a space). */
function decoded(queryString: string): [string, string][] {
  try {
    return queryString
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const [name = '', ...rest] = pair.replaceAll('+', ' ').split('=');
        return [decodeURIComponent(name), decodeURIComponent(rest.join('='))];
      });
  } catch (error) {
    throw new TodoError('unreadable', 'The query string is not percent-encoded UTF-8.', [], { cause: error });
  }
}

function typed(pairs: [string, string][], properties: Readonly<Record<string, ParameterSchema>>): object {
  const values = new Map<string, unknown>();
  const faults: InputError[] = [];
  for (const [name, value] of pairs) {
    const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined;
    const fault = (detail: string) => faults.push({ pointer: `/${name.slice(0, 60)}`, detail, in: 'query' });
    if (value.includes('\u0000')) fault('must not contain the character U+0000');
    const earlier = values.get(name);
    if (type === 'array') values.set(name, Array.isArray(earlier) ? [...(earlier as unknown[]), value] : [value]);
    else if (earlier !== undefined) fault('must not be given more than once');
    else values.set(name, type === 'integer' && /^-?\d{1,16}$/.test(value) ? Number(value) : value);
  }
  const [first] = faults;
  if (first) throw new TodoError('invalid', `${first.pointer} ${first.detail}`, faults);
  // Own properties whatever their names, as JSON.parse makes them: `__proto__` is an unknown parameter like others.
  return Object.fromEntries(values);
}
