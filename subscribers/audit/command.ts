import { parseArgs } from 'node:util';
import { SettingsError } from '../../runtime/config.js';
import { OperatorError } from '../../runtime/operator-error.js';

/** Reads `--user`; null when it is not there. @throws OperatorError that says how the command is used */
export function readUser(args: string[], usage: string): string | null {
  try {
    return parseArgs({ args, options: { user: { type: 'string' } } }).values.user ?? null;
  } catch (error) {
    throw new OperatorError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

/** Runs a command. What keeps it from its work goes to stderr, with exit code 2. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const isForOperator = error instanceof OperatorError || error instanceof SettingsError;
    process.stderr.write(`${isForOperator ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
