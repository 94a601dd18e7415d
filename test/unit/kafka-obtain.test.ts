import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkJars, downloadJars, type JarsLock, readJars, readJarsLock } from '../../runtime/kafka/jars.js';
import { findJava } from '../../runtime/kafka/java.js';
import { obtainKafka, type ObtainKafkaOptions } from '../../runtime/kafka/obtain.js';
import { createProgress } from '../../runtime/progress.js';

describe('where Kafka comes from', () => {
  let root: string;
  let lines: string[];
  let downloads: number;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'kafka-obtain-'));
    lines = [];
    downloads = 0;
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function installJava(folder: string, version: string): Promise<string> {
    const bin = join(root, folder, 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'java'), `#!/bin/sh\necho 'openjdk version "${version}"' >&2\n`, { mode: 0o755 });
    return join(root, folder);
  }

  /** Obtains it with a fake Maven that fills the folder with files of the right size. */
  async function obtain(more: Partial<ObtainKafkaOptions> = {}) {
    const env = { PATH: join(await installJava('java', '17.0.1'), 'bin') };
    return await obtainKafka({
      env,
      progress: createProgress({ write: (text: string) => lines.push(text.trim()) }),
      cacheDir: join(root, 'cache'),
      async download({ jars }, _step, { folder }) {
        downloads++;
        for (const { file, bytes } of jars) await writeFile(join(folder, file), Buffer.alloc(bytes));
      },
      ...more,
    });
  }

  const failure = async (work: Promise<unknown>): Promise<Error> => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error instanceof Error) return error;
    throw new Error('it did not fail');
  };

  it('JAVA_HOME comes before PATH', async () => {
    const home = await installJava('home', '21.0.2');
    const path = await installJava('path', '17.0.1');
    expect(await findJava({ JAVA_HOME: home, PATH: join(path, 'bin') })).to.include({ version: '21.0.2' });
    expect(await findJava({ PATH: join(path, 'bin') })).to.include({ command: join(path, 'bin', 'java') });
  });

  it('Maven keeps what is its own under HOME, whatever the password file says', async () => {
    const bin = join(root, 'maven');
    await mkdir(bin);
    await writeFile(join(bin, 'mvn'), '#!/bin/sh\necho "[ERROR] $MAVEN_OPTS"; exit 1\n', { mode: 0o755 });
    const env = { PATH: `${bin}:${process.env['PATH']}`, MAVEN_OPTS: '-Xmx64m' };
    const said = async (home: string): Promise<string> =>
      (await failure(downloadJars({ folder: root, env: { ...env, HOME: home }, onFile: () => undefined }))).message;
    expect(await said('/srv/home')).to.contain('[ERROR] -Duser.home=/srv/home -Xmx64m');
    expect(await said('/srv/a home')).to.contain('[ERROR] -Xmx64m');
  });

  it('a Java that is too old is passed over', async () => {
    const old = await installJava('old', '1.8.0_402');
    const path = await installJava('path', '17');
    expect(await findJava({ JAVA_HOME: old, PATH: join(path, 'bin') })).to.include({ version: '17' });
  });

  it('without a Java that is new enough the error says what was found, what is needed and what to do instead', async () => {
    const old = await installJava('old', '11.0.2');
    const error = await failure(obtain({ env: { PATH: join(old, 'bin') } }));
    expect(error.message).to.contain('Java 17 or newer').and.to.contain('11.0.2').and.to.contain('KAFKA_BROKERS');
    expect(downloads).to.equal(0);
  });

  it('without Maven the error says so', async () => {
    const env = { PATH: join(await installJava('java', '17'), 'bin') };
    const { message } = await failure(
      obtainKafka({ env, progress: createProgress({ write: () => undefined }), cacheDir: join(root, 'cache') }),
    );
    expect(message).to.contain('Maven is not installed').and.to.contain('KAFKA_BROKERS');
    expect(await readdir(join(root, 'cache'))).to.deep.equal([]);
  });

  it('what was downloaded is kept, and two starts at once download once', async () => {
    const [first, second] = await Promise.all([obtain(), obtain()]);
    expect(first).to.deep.equal(second);
    expect(await obtain()).to.deep.equal(first);
    expect(downloads).to.equal(1);
    expect(lines.join('\n')).to.contain('kept from an earlier start');
  });

  it('a jar that is gone or cut short is downloaded again', async () => {
    const { classPath } = await obtain();
    const folder = classPath.slice(0, -1);
    const [jar] = await readdir(folder);
    await writeFile(join(folder, jar ?? ''), 'short');
    await obtain();
    expect(downloads).to.equal(2);
  });

  it('a download that fails leaves nothing behind', async () => {
    const download: ObtainKafkaOptions['download'] = async (_lock, _step, { folder }) => {
      await writeFile(join(folder, 'half.jar'), '');
      throw new Error('the line was cut');
    };
    expect((await failure(obtain({ download }))).message).to.contain('the line was cut');
    expect(await readdir(join(root, 'cache'))).to.deep.equal([]);
  });

  it('jars that are not the locked ones are refused, by name', async () => {
    for (const file of ['kafka_2.13-1.jar', 'changed.jar']) await writeFile(join(root, file), file);
    const { jars } = await readJars(root);
    const lock: JarsLock = { version: '1', jars: [...jars, { file: 'missing.jar', bytes: 1, sha256: '' }] };
    await writeFile(join(root, 'changed.jar'), 'other');
    await writeFile(join(root, 'more.jar'), '');
    const { message } = await failure(checkJars(root, lock));
    expect(message).to.match(/changed\.jar has SHA-256 \w{64}, but \w{64} was locked/);
    expect(message).to.contain('missing.jar is missing').and.to.contain('more.jar is not in the lock');
    expect(message).not.to.contain('kafka_2.13-1.jar');
  });

  it('the lock names each jar with its size and SHA-256', async () => {
    const { version, jars } = await readJarsLock();
    expect(jars.map(({ file }) => file)).to.include(`kafka_2.13-${version}.jar`);
    for (const { bytes, sha256 } of jars) {
      expect(bytes).to.be.greaterThan(0);
      expect(sha256).to.match(/^[0-9a-f]{64}$/);
    }
  });
});
