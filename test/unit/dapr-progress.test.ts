import { expect } from 'chai';
import { createProgress } from '../../runtime/progress.js';

describe('progress of the start', () => {
  it('a finished step is one line with what came of it and how long it took', () => {
    const lines: string[] = [];
    const progress = createProgress({ write: (text: string) => lines.push(text) });
    const step = progress.step('PostgreSQL');
    step.update('making the cluster');
    step.done('17.2');
    progress.step('Dapr').fail('no Go');
    expect(lines).to.have.length(2);
    expect(lines[0]).to.match(/^✓ PostgreSQL – 17\.2 \(\d+\.\d s\)\n$/);
    expect(lines[1]).to.match(/^✗ Dapr – no Go \(\d+\.\d s\)\n$/);
  });

  it('off a terminal a long step says again and again that it goes on, without control characters', async () => {
    const lines: string[] = [];
    const step = createProgress({ write: (text: string) => lines.push(text) }, { quietMs: 5 }).step('Dapr');
    step.update('compiled 3 of 4 packages', 0.75);
    while (lines.length < 2) await new Promise((go) => setTimeout(go, 5));
    step.done();
    const count = lines.length;
    await new Promise((go) => setTimeout(go, 20));
    expect(lines).to.have.length(count);
    expect(lines[0]).to.match(/^… Dapr \[#{15} {5}\] 75 % – compiled 3 of 4 packages \(\d+\.\d s\)\n$/);
  });

  it('on a terminal the line under way is redrawn in place and never wraps', () => {
    const written: string[] = [];
    const stream = { isTTY: true, columns: 20, write: (text: string) => written.push(text) };
    const progress = createProgress(stream);
    const step = progress.step('a step with a name that is longer than the line');
    expect(written[0]).to.equal('\r\u001b[2K… a step with a name'.slice(0, 5 + 19));
    progress.note('a note');
    expect(written[1]).to.equal('\r\u001b[2K  a note\n');
    expect(written[2]).to.contain('… a step');
    step.done();
    expect(written.at(-1)).to.match(/✓ a step with a name that is longer than the line \(.*\n$/);
  });
});
