import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { TodoError, type InputError } from './errors.js';

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
// The package is CommonJS: under ESM its function is the `default` of the default export.
addFormatsModule.default(ajv);

/** At most this many faults are told of one input. */
const mostFaults = 20;

/**
 * Compiles a JSON Schema into the check at a door.
 * @param schema JSON Schema 2020-12; must describe `T`
 * @param where what the pointers of its errors point into, when it is not the body
 * @returns a function that gives the very input back as `T`, or throws TodoError `invalid` naming every fault
 */
export function validator<T>(schema: object, where?: 'query' | 'header' | 'path'): (input: unknown) => T {
  const valid = ajv.compile<T>(schema);
  return (input) => {
    if (valid(input)) return input;
    const faults = inputErrors(valid.errors ?? [], where);
    const [first] = faults;
    throw new TodoError(
      'invalid',
      first ? `${first.pointer === '' ? 'The body' : first.pointer} ${first.detail}` : 'The input is not valid.',
      faults,
    );
  };
}

/** Renders ajv's errors as JSON pointers with a sentence that says what to do. */
export function inputErrors(
  errors: readonly ErrorObject[],
  where?: 'query' | 'header' | 'path',
): readonly InputError[] {
  const faults = new Map<string, InputError>();
  for (const error of errors) {
    const { pointer, detail } = describe(error);
    // An anyOf reports each branch and itself; the first fault of a place says enough.
    if (faults.size < mostFaults && !faults.has(pointer)) {
      faults.set(pointer, { pointer, detail, ...(where ? { in: where } : {}) });
    }
  }
  return [...faults.values()];
}

function describe(error: ErrorObject): { pointer: string; detail: string } {
  const at = error.instancePath;
  const params: Record<string, unknown> = error.params;
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = String(params['additionalProperty'] ?? params['unevaluatedProperty']);
      return { pointer: `${at}/${escapePointer(name)}`, detail: `"${name.slice(0, 60)}" is not a known field here` };
    }
    case 'required': {
      const name = String(params['missingProperty']);
      return { pointer: `${at}/${escapePointer(name)}`, detail: 'is missing' };
    }
    case 'enum':
      return {
        pointer: at,
        detail: `must be one of ${(params['allowedValues'] as unknown[]).map((value) => String(value)).join(', ')}`,
      };
    case 'maxLength':
      return { pointer: at, detail: `must not be longer than ${String(params['limit'])} characters` };
    case 'minLength':
      return { pointer: at, detail: 'must not be empty' };
    case 'maxItems':
      return { pointer: at, detail: `must not have more than ${String(params['limit'])} entries` };
    default:
      return { pointer: at, detail: error.message ?? 'is not valid' };
  }
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
