import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { errorTable, fromProblem, TodoError, toProblem } from '../../domain/errors.js';
import { packageRoot } from '../../runtime/package-root.js';

describe('the error table', () => {
  it('and the page about it say the same, row for row', async () => {
    const page = await readFile(join(packageRoot, 'docs/errors.md'), 'utf8');
    const written = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (.+) \| (fails again|may succeed) \|$/gm)];
    expect(written.map(([, code, status, title, again]) => [code, Number(status), title, again])).to.deep.equal(
      Object.entries(errorTable).map(([code, { status, title, retry }]) => [
        code,
        status,
        title,
        retry === 'retry' ? 'may succeed' : 'fails again',
      ]),
    );
  });

  it('renders an error as a problem, and a problem becomes the error again', () => {
    const error = TodoError.invalid('/title', 'must not be empty');
    const problem = toProblem(error);
    expect(problem).to.deep.equal({
      type: 'urn:todo-chatbot:error:invalid',
      title: 'The request is not valid',
      status: 422,
      detail: 'must not be empty',
      code: 'invalid',
      errors: [{ pointer: '/title', detail: 'must not be empty' }],
    });
    expect(toProblem(fromProblem(problem))).to.deep.equal(problem);
  });

  it('has no list of faults in a problem where there are none', () => {
    expect(toProblem(new TodoError('not_found', 'There is no such task.'))).not.to.have.property('errors');
  });

  it('tells nothing of a fault of the program', () => {
    for (const fault of [new Error('password=hunter2'), 'hunter2', undefined, null]) {
      const problem = toProblem(fault);
      expect(problem).to.include({ status: 500, code: 'internal' });
      expect(JSON.stringify(problem)).not.to.include('hunter2');
    }
  });
});
