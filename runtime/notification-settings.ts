/** How reminders leave the system, by what the operator set. */
export interface NotificationSettings {
  /** `smtp://` or `smtps://user:password@host:port`; undefined: no e-mail. */
  readonly smtpUrl: string | undefined;
  /** Who e-mail is from. */
  readonly mailFrom: string | undefined;
  /** Where people reach the program, for links in e-mail; without a slash at the end. */
  readonly publicUrl: string | undefined;
  /** True where messages may go to private addresses, and without TLS. */
  readonly allowsPrivateTargets: boolean;
  /** For Web Push: 32 bytes in base64url; undefined: a key of its own in DATA_DIR. */
  readonly vapidPrivateKey: string | undefined;
  /** Whom a push service may turn to: a `mailto:` or `https:` address (RFC 8292 section 2.1). */
  readonly vapidSubject: string;
}

/** @param setting the value of a variable, undefined when it is not set. @param problems what is wrong is added to it */
export function readNotificationSettings(
  setting: (name: string) => string | undefined,
  problems: string[],
): NotificationSettings {
  const smtpUrl = setting('SMTP_URL');
  const mailFrom = setting('MAIL_FROM');
  const publicUrl = setting('PUBLIC_URL')?.replace(/\/+$/, '');
  const vapidPrivateKey = setting('VAPID_PRIVATE_KEY');
  const vapidSubject = setting('VAPID_SUBJECT');
  const allowed = setting('WEBHOOK_ALLOW_PRIVATE') ?? 'false';

  // Its value may hold a password, and is not repeated.
  if (smtpUrl !== undefined && !hasProtocol(smtpUrl, 'smtp:', 'smtps:')) {
    problems.push('SMTP_URL must look like smtps://user:password@host:465 or smtp://host:587');
  }
  if (smtpUrl !== undefined && mailFrom === undefined) problems.push('MAIL_FROM must be set where SMTP_URL is');
  if (smtpUrl !== undefined && publicUrl === undefined) {
    problems.push('PUBLIC_URL must be set where SMTP_URL is: each e-mail has a link by which it can be ended');
  }
  if (mailFrom !== undefined && !/^(?:[^<>@\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/.test(mailFrom)) {
    problems.push(
      `MAIL_FROM is "${mailFrom}"; it must look like reminders@example.com or Reminders <reminders@example.com>`,
    );
  }
  if (publicUrl !== undefined && !hasProtocol(publicUrl, 'https:', 'http:')) {
    problems.push(`PUBLIC_URL is "${publicUrl}"; it must be an http(s) URL`);
  }
  if (allowed !== 'true' && allowed !== 'false') {
    problems.push(`WEBHOOK_ALLOW_PRIVATE is "${allowed}"; it must be true or false`);
  }
  if (vapidPrivateKey !== undefined && !/^[A-Za-z0-9_-]{43}$/.test(vapidPrivateKey)) {
    problems.push('VAPID_PRIVATE_KEY must be 32 bytes in base64url, as `npx web-push generate-vapid-keys` prints them');
  }
  if (vapidSubject !== undefined && !hasProtocol(vapidSubject, 'https:', 'mailto:')) {
    problems.push(`VAPID_SUBJECT is "${vapidSubject}"; it must be a mailto: or https: address`);
  }
  return {
    smtpUrl,
    mailFrom,
    publicUrl,
    allowsPrivateTargets: allowed === 'true',
    vapidPrivateKey,
    vapidSubject:
      vapidSubject ?? (mailFrom === undefined ? 'mailto:nobody@localhost' : `mailto:${addressOf(mailFrom)}`),
  };
}

/** The bare address of `Name <address>`. */
export function addressOf(from: string): string {
  return /<([^<>]+)>/.exec(from)?.[1] ?? from;
}

function hasProtocol(url: string, ...protocols: string[]): boolean {
  return URL.canParse(url) && protocols.includes(new URL(url).protocol);
}
