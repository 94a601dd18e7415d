import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type KafkaProgram, obtainKafka } from '../../runtime/kafka/obtain.js';
import { type RunningKafka, startKafka } from '../../runtime/kafka/start.js';
import { createSupervisor, type ProcessSupervisor } from '../../runtime/processes/supervisor.js';
import { createProgress } from '../../runtime/progress.js';

/** A real broker with a folder of its own. */
export interface TestKafka extends RunningKafka {
  readonly program: KafkaProgram;
  readonly dataDir: string;
  readonly supervisor: ProcessSupervisor;
  /** Stops the broker, and whatever else the supervisor runs, and removes the folder. */
  end(): Promise<void>;
}

/** The first time on a machine this is a download. */
export async function startTestKafka(): Promise<TestKafka> {
  const program = await obtainKafka({ env: process.env, progress: createProgress(process.stderr) });
  const dataDir = await realpath(await mkdtemp(join(tmpdir(), 'kafka-')));
  const supervisor = testSupervisor();
  const kafka = await startKafka({ supervisor, program, dataDir });
  return {
    ...kafka,
    program,
    dataDir,
    supervisor,
    async end() {
      await supervisor.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}

export function testSupervisor(): ProcessSupervisor {
  return createSupervisor({
    log: pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
    onFatal(error) {
      throw error;
    },
  });
}
