import type { DeadLetter } from '../pubsub/dead-letter.js';
import type { LetterHistory } from './dead-letters.js';

const bytesOfLine = 32;
const widths = { id: 34, time: 24, key: 20, bytes: 10 };

/** The head of the list for people. */
export const listHead = (): string => row('ID', 'REFUSED', 'KEY', 'BYTES', 'REASON');

/** One dead letter in a line. */
export function listLine({ id, refused_at, key, payload_bytes, reason }: DeadLetter): string {
  return row(id, refused_at, key ?? '-', String(payload_bytes), `${reason.code}: ${reason.detail}`);
}

function row(id: string, time: string, key: string, bytes: string, reason: string): string {
  const cells = [id.padEnd(widths.id), time.padEnd(widths.time), key.padEnd(widths.key), bytes.padStart(widths.bytes)];
  return oneLine(`${cells.join('  ')}  ${reason}`);
}

/** All there is to know of a dead letter: what was wrong with which message, and its bytes as text, or in hex. */
export function letterText({ letter, replayed }: LetterHistory): string {
  const { id, role, topic, partition, offset, key, refused_at, reason, payload_bytes } = letter;
  const payload = Buffer.from(letter.payload_base64, 'base64');
  const body = asText(payload);
  const cut = payload.length < payload_bytes ? `, of which the first ${payload.length} are here` : '';
  return [
    `id        ${oneLine(id)}`,
    `refused   ${oneLine(refused_at)} by ${oneLine(role)}`,
    `place     ${topic}, partition ${partition}, offset ${offset}`,
    `key       ${key === null ? 'none' : oneLine(key)}`,
    `reason    ${oneLine(`${reason.code}: ${reason.detail}`)}`,
    ...(reason.errors ?? []).map(({ pointer, detail }) => `          ${oneLine(`${pointer} ${detail}`)}`),
    `replayed  ${replayed === null ? 'no' : `${oneLine(replayed.replayed_at)}, to offset ${replayed.offset}`}`,
    `payload   ${payload_bytes} bytes${cut}${body === null ? ', not UTF-8' : ''}`,
    '',
    body ?? hexLines(payload),
  ].join('\n');
}

/** @returns null when it is no text; what was cut off may have been the rest of a character */
function asText(payload: Buffer): string | null {
  try {
    return visible(new TextDecoder('utf-8', { fatal: true }).decode(payload, { stream: true }), /[^\P{Cc}\t\n]/gu);
  } catch {
    return null;
  }
}

const oneLine = (text: string): string => visible(text, /\p{Cc}/gu);

/** Whoever sent the message must not command the terminal of who looks at it. */
function visible(text: string, controls: RegExp): string {
  return text.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function hexLines(payload: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < payload.length; at += bytesOfLine) {
    lines.push(`${at.toString(16).padStart(8, '0')}  ${payload.toString('hex', at, at + bytesOfLine)}`);
  }
  return lines.join('\n');
}
