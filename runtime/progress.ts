/** Where progress is shown: `process.stderr`, or anything that takes lines. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Step {
  /** What is being done right now, and how much of the whole is done (0 to 1) where that is known. */
  update(text: string, fraction?: number): void;
  /** Ends the step with its line: its name, the detail and the elapsed time. */
  done(detail?: string): void;
  /** Ends the step with its line, marked as failed. */
  fail(detail: string): void;
}

export interface Progress {
  /** Begins a step of the start. Steps may overlap; each ends by `done` or `fail`. */
  step(name: string): Step;
  /** A line beside the steps, for what the person should know. */
  note(text: string): void;
}

const redrawMs = 200;
const barWidth = 20;
const clearLine = '\r\u001b[2K';

/**
 * Shows the steps of the start: one line a finished step. On a terminal the newest step under way is redrawn in place, with
 * a bar where its fraction is known; elsewhere a step that goes on says so at least every `quietMs` milliseconds.
 */
export function createProgress(stream: ProgressStream, { quietMs = 10_000 } = {}): Progress {
  const running: RunningStep[] = [];
  let timer: NodeJS.Timeout | undefined;

  const print = (line: string): void => {
    stream.write(stream.isTTY ? `${clearLine}${line}\n` : `${line}\n`);
    draw();
  };
  const draw = (): void => {
    const newest = running.at(-1);
    if (!stream.isTTY || !newest) return;
    // One column is left free: a line that fills the last one wraps, and cannot be cleared.
    stream.write(clearLine + newest.line('…').slice(0, (stream.columns ?? 80) - 1));
  };
  const tick = (): void => {
    if (stream.isTTY) return draw();
    for (const step of running) print(step.line('…'));
  };
  const begin = (name: string): RunningStep => {
    const step = new RunningStep(name);
    running.push(step);
    timer ??= setInterval(tick, stream.isTTY ? redrawMs : quietMs).unref();
    draw();
    return step;
  };
  const end = (step: RunningStep, mark: string, detail: string): void => {
    const place = running.indexOf(step);
    if (place < 0) return;
    running.splice(place, 1);
    if (running.length === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    step.text = detail;
    step.fraction = undefined;
    print(step.line(mark));
  };

  return {
    note: (text) => print(`  ${text}`),
    step(name) {
      const step = begin(name);
      return {
        update(text, fraction) {
          step.text = text;
          step.fraction = fraction;
        },
        done: (detail = '') => end(step, '✓', detail),
        fail: (detail) => end(step, '✗', detail),
      };
    },
  };
}

class RunningStep {
  text = '';
  fraction: number | undefined;
  readonly #startedAt = performance.now();

  constructor(readonly name: string) {}

  line(mark: string): string {
    const parts = [mark, this.name];
    if (this.fraction !== undefined) parts.push(bar(this.fraction));
    if (this.text) parts.push(`– ${this.text}`);
    return `${parts.join(' ')} (${((performance.now() - this.#startedAt) / 1000).toFixed(1)} s)`;
  }
}

function bar(fraction: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * barWidth);
  return `[${'#'.repeat(full)}${' '.repeat(barWidth - full)}] ${Math.round(fraction * 100)} %`;
}
