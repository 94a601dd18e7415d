import { parseArgs } from 'node:util';
import { topics } from '../../domain/events/topics.js';
import { readNeededKafkaAccess, type KafkaAccess } from '../kafka/access.js';
import { OperatorError } from '../operator-error.js';
import { roleNames } from '../role.js';
import { findLetter, openLetters, type LetterHistory, type Selection } from './dead-letters.js';
import { letterText, listHead, listLine } from './print.js';
import { parseId } from './records.js';
import { Replay } from './replay.js';
import { StoredMessages } from './stored-messages.js';

const usage = `usage: npm run dead-letters -- list [--topic task-audit] [--role audit] [--json]
       npm run dead-letters -- show ID [--json]
       npm run dead-letters -- replay ID…
       npm run dead-letters -- replay --all [--topic task-audit] [--role audit]
KAFKA_BROKERS says where Kafka is, KAFKA_SASL_… how it lets you in.`;

class UsageError extends Error {}

interface Command {
  readonly name: 'list' | 'show' | 'replay';
  readonly ids: readonly string[];
  readonly selection: Selection;
  readonly isAll: boolean;
  readonly isJson: boolean;
}

/**
 * Lists, shows and replays dead letters. What was asked for goes to stdout, everything else to stderr; exit code 1 when
 * something could not be done, 2 for a wrong setting or argument.
 */
async function main(): Promise<void> {
  const command = readArguments(process.argv.slice(2));
  const problems: string[] = [];
  const access = readNeededKafkaAccess(process.env, problems);
  if (!access) throw new UsageError(problems.join('\n'));

  const messages = new StoredMessages(access);
  try {
    if (command.name === 'list') await list(messages, command);
    else if (command.name === 'show') await show(messages, command);
    else await replay(access, messages, command);
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(`Kafka at ${access.brokers}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await messages.close();
  }
}

function readArguments(args: string[]): Command {
  const { positionals, values } = parse(args);
  const [name, ...ids] = positionals;
  const { topic, role, all: isAll = false, json: isJson = false } = values;
  if (name !== 'list' && name !== 'show' && name !== 'replay') throw new UsageError(usage);
  for (const id of ids) {
    if (!parseId(id)) throw new UsageError(`"${id}" is not the id of a dead letter, such as audit/task-audit/3/17`);
  }
  const fits = { list: ids.length === 0, show: ids.length === 1, replay: isAll ? ids.length === 0 : ids.length > 0 };
  const isSelected = topic !== undefined || role !== undefined;
  const options = { list: !isAll, show: !isAll && !isSelected, replay: !isJson && (isAll || !isSelected) };
  if (!fits[name] || !options[name]) throw new UsageError(usage);
  const selection = {
    topic: oneOf('--topic', topics, topic),
    role: oneOf('--role', roleNames, role),
  };
  return { name, ids, selection, isAll, isJson };
}

function parse(args: string[]) {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }] as const;
  try {
    return parseArgs({ args, allowPositionals: true, options: { topic: text, role: text, all: flag, json: flag } });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

function oneOf<T extends string>(option: string, known: readonly T[], word: string | undefined): T | undefined {
  if (word === undefined) return undefined;
  const found = known.find((one) => one === word);
  if (found === undefined) throw new UsageError(`${option} is "${word}"; it is one of ${known.join(', ')}`);
  return found;
}

async function list(messages: StoredMessages, { selection, isJson }: Command): Promise<void> {
  let count = 0;
  for await (const letter of openLetters(messages, selection, warnOfForeign)) {
    if (count === 0 && !isJson) print(listHead());
    count += 1;
    const { payload_base64: _left, ...shown } = letter;
    print(isJson ? JSON.stringify(shown) : listLine(letter));
  }
  if (count === 0 && !isJson) print('there is no dead letter');
}

async function show(messages: StoredMessages, { ids: [id = ''], isJson }: Command): Promise<void> {
  const found = await find(messages, id);
  const { letter, replayed } = found;
  print(isJson ? JSON.stringify({ ...letter, replayed_at: replayed?.replayed_at ?? null }) : letterText(found));
}

async function replay(
  access: KafkaAccess,
  messages: StoredMessages,
  { ids, isAll, selection }: Command,
): Promise<void> {
  const replay = new Replay(access, messages);
  let count = 0;
  const one = async (found: () => Promise<LetterHistory['letter']>): Promise<void> => {
    try {
      const letter = await found();
      const { id, offset } = await replay.replay(letter, new Date());
      count += 1;
      print(`${id} is at offset ${offset} now`);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      fail(error, 1);
    }
  };
  try {
    for (const id of ids) await one(async () => (await find(messages, id)).letter);
    if (!isAll) return;
    for await (const letter of openLetters(messages, selection, warnOfForeign)) {
      await one(() => Promise.resolve(letter));
    }
    if (count === 0) print('there is no dead letter to replay');
  } finally {
    await replay.close();
  }
}

async function find(messages: StoredMessages, id: string): Promise<LetterHistory> {
  const topic = parseId(id)?.topic;
  const found = topic && (await findLetter(messages, topic, id));
  if (!found) throw new OperatorError(`there is no dead letter ${id}; "list" shows those that there are`);
  return found;
}

function warnOfForeign(topic: string, count: number): void {
  process.stderr.write(`${topic} holds ${count} other messages, which are no dead letters\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(error: Error, exitCode: number): void {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = exitCode;
}

try {
  await main();
} catch (error) {
  if (error instanceof UsageError) fail(error, 2);
  else if (error instanceof OperatorError) fail(error, 1);
  else throw error;
}
