import { expect } from 'chai';
import { readConfig, SettingsError } from '../../runtime/config.js';

describe('the settings of notifications', () => {
  const mail = {
    SMTP_URL: 'smtps://user:hidden@mail.example:465',
    MAIL_FROM: 'a@example.com',
    PUBLIC_URL: 'https://t.example',
  };

  /** The problems that settings have. */
  function problems(env: NodeJS.ProcessEnv): readonly string[] {
    try {
      readConfig(env, []);
    } catch (error) {
      if (error instanceof SettingsError) return error.problems;
      throw error;
    }
    return [];
  }

  it('are all optional, and without them nothing goes to private addresses', () => {
    const { smtpUrl, publicUrl, allowsPrivateTargets, vapidPrivateKey } = readConfig({}, []).notification;
    expect([smtpUrl, publicUrl, vapidPrivateKey]).to.deep.equal([undefined, undefined, undefined]);
    expect(allowsPrivateTargets).to.equal(false);
  });

  it('that are sound are taken', () => {
    const env = {
      ...mail,
      PUBLIC_URL: 'https://t.example/',
      WEBHOOK_ALLOW_PRIVATE: 'true',
      MAIL_FROM: 'Todo <a@example.com>',
    };
    expect(readConfig(env, []).notification).to.deep.equal({
      smtpUrl: mail.SMTP_URL,
      mailFrom: 'Todo <a@example.com>',
      publicUrl: 'https://t.example',
      allowsPrivateTargets: true,
      vapidPrivateKey: undefined,
      vapidSubject: 'mailto:a@example.com',
    });
    const push = { VAPID_PRIVATE_KEY: 'A'.repeat(43), VAPID_SUBJECT: 'https://t.example/contact' };
    const { vapidPrivateKey, vapidSubject } = readConfig(push, []).notification;
    expect([vapidPrivateKey, vapidSubject]).to.deep.equal([push.VAPID_PRIVATE_KEY, push.VAPID_SUBJECT]);
  });

  const wrong: [string, NodeJS.ProcessEnv, RegExp][] = [
    ['a mail server by http', { ...mail, SMTP_URL: 'http://user:hidden@mail.example' }, /^SMTP_URL must look like/],
    ['mail from nobody', { ...mail, MAIL_FROM: '' }, /^MAIL_FROM must be set/],
    ['mail that nobody can end', { ...mail, PUBLIC_URL: '' }, /^PUBLIC_URL must be set/],
    ['mail from what is no address', { ...mail, MAIL_FROM: 'todo' }, /^MAIL_FROM is "todo"/],
    ['a public address that is none', { PUBLIC_URL: 'todo.example' }, /^PUBLIC_URL is "todo.example"/],
    ['neither yes nor no', { WEBHOOK_ALLOW_PRIVATE: 'yes' }, /^WEBHOOK_ALLOW_PRIVATE is "yes"/],
    ['a key that is too short', { VAPID_PRIVATE_KEY: 'hidden' }, /^VAPID_PRIVATE_KEY must be 32 bytes/],
    ['a contact that is none', { VAPID_SUBJECT: 'a@example.com' }, /^VAPID_SUBJECT is "a@example.com"/],
  ];
  for (const [what, env, problem] of wrong) {
    it(`that are wrong stop the start, and no secret is told: ${what}`, () => {
      const [first = '', ...others] = problems(env);
      expect(first).to.match(problem);
      expect(first).not.to.include('hidden');
      expect(others).to.deep.equal([]);
    });
  }
});
