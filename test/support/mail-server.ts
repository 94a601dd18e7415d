import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** A mail server on this machine that keeps what it is given. */
export interface MailServer {
  /** Where it takes mail, with the name and password that it asks for. */
  readonly url: string;
  readonly mails: { readonly to: readonly string[]; readonly raw: string; readonly parsed: ParsedMail }[];
  /** What it refuses: an SMTP status for a receiver, or for a message; null takes it. */
  refuse: { receiver: number | null; message: number | null };
  /** True: it takes the message and never says so. */
  isSilent: boolean;
  close(): Promise<void>;
}

export async function startMailServer(): Promise<MailServer> {
  const held: (() => void)[] = [];
  const server = new SMTPServer({
    // Without TLS: its own certificate would be trusted by nobody.
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    logger: false,
    onAuth({ username, password }, _session, done) {
      if (username === 'todo' && password === 'pass word') done(null, { user: username });
      else done(new Error('wrong password'));
    },
    onRcptTo(_address, _session, done) {
      const { receiver } = mails.refuse;
      if (receiver === null) done();
      else done(Object.assign(new Error('no'), { responseCode: receiver }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
      stream.on('end', () => {
        const { message } = mails.refuse;
        if (message !== null) {
          done(Object.assign(new Error('no'), { responseCode: message }));
          return;
        }
        const raw = Buffer.concat(chunks).toString();
        const to = session.envelope.rcptTo.map(({ address }) => address);
        void simpleParser(raw).then((parsed) => {
          mails.mails.push({ to, raw, parsed });
          if (mails.isSilent) held.push(done);
          else done();
        });
      });
    },
  });
  const listener = server.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const mails: MailServer = {
    url: `smtp://todo:pass%20word@127.0.0.1:${port}`,
    mails: [],
    refuse: { receiver: null, message: null },
    isSilent: false,
    async close() {
      for (const done of held) done();
      await new Promise<void>((resolve) => server.close(resolve));
    },
  };
  return mails;
}
