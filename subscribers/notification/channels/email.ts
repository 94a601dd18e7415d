import { createTransport } from 'nodemailer';
import { addressOf } from '../../../runtime/notification-settings.js';
import { sent, type Channel, type Outcome } from './channel.js';
import { wordingOf } from './wording.js';

const mostConnections = 5;

export interface EmailOptions {
  readonly smtpUrl: string;
  readonly from: string;
  /** Where the mail of an address can be ended, by GET for people and by POST in one click. */
  readonly unsubscribeUrl: (userId: string, address: string) => string;
}

/** E-mail through the operator's server, as text and HTML, which can be ended in one click (RFC 8058). */
export function emailChannel({ smtpUrl, from, unsubscribeUrl }: EmailOptions): Channel {
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: mostConnections,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const [, domain = 'localhost'] = addressOf(from).split('@');

  return {
    hostOf: () => 'smtp',
    async send(message, { email: { address } }, timeoutMs) {
      if (address === null) return { kind: 'never', error: 'no address is set' };
      const { title, lines } = wordingOf(message);
      const link = unsubscribeUrl(message.user_id, address);
      const mail = transport.sendMail({
        from,
        to: { name: '', address },
        // Mail servers and programs know the same again by it (RFC 5322 section 3.6.4).
        messageId: `<${message.id}@${domain}>`,
        subject: `${message.is_test ? 'Test' : 'Reminder'}: ${title}`,
        text: [title, '', ...lines, '', `To get no more reminders by e-mail: ${link}`, ''].join('\n'),
        html: htmlOf(title, lines, link),
        headers: {
          'List-Unsubscribe': { prepared: true, foldLines: true, value: `<${link}>` },
          'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
          // RFC 3834: nobody's absence note is to answer it.
          'Auto-Submitted': 'auto-generated',
        },
      });
      return await within(
        timeoutMs,
        mail.then(() => sent, judge),
      );
    },
    close() {
      transport.close();
      return Promise.resolve();
    },
  };
}

function htmlOf(title: string, lines: readonly string[], link: string): string {
  const paragraphs = lines.map((line) => `<p>${escape(line)}</p>`).join('');
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Reminder</title></head>' +
    `<body><h1 style="font-size:1.25em">${escape(title)}</h1>${paragraphs}` +
    `<p style="font-size:.85em"><a href="${escape(link)}">Get no more reminders by e-mail</a></p></body></html>`
  );
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '');

/** A server that refuses the receiver or the message will refuse it again (RFC 5321 section 4.2.1: 5yz). */
function judge(error: unknown): Outcome {
  const { code, responseCode } = Object(error) as { code?: unknown; responseCode?: unknown };
  const isFinal =
    typeof responseCode === 'number' && responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');
  if (isFinal) return { kind: 'never', error: `the mail server refuses it (${responseCode})` };
  const answered = typeof responseCode === 'number' ? responseCode : String(code);
  return { kind: 'again', error: `the mail server could not take it (${answered})` };
}

/** What comes later than that is not heard: the same message again has the same id. */
async function within(timeoutMs: number, outcome: Promise<Outcome>): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => {
      resolve({ kind: 'again', error: 'the mail server did not answer in time' });
    }, timeoutMs);
  });
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}
