import { expect } from 'chai';
import { appIdOf, appIdsFrom } from '../../runtime/app-ids.js';
import { SettingsError } from '../../runtime/config.js';
import { roleNames } from '../../runtime/role.js';
import { readGivenSidecar } from '../../runtime/sidecar-settings.js';

describe('a sidecar that is given', () => {
  const env = {
    DAPR_HTTP_PORT: '3500',
    APP_PORT: '3000',
    DAPR_API_TOKEN: 'to-daprd',
    APP_API_TOKEN: 'from-daprd',
    DATABASE_URL: 'postgresql://db.example/todo',
  };

  it('is found by the variables that Dapr sets', () => {
    expect(readGivenSidecar(env)).to.deep.equal({
      appPort: 3000,
      httpPort: 3500,
      tokens: { api: 'to-daprd', app: 'from-daprd' },
    });
  });

  it('is none when its port is not set', () => {
    expect(readGivenSidecar({ ...env, DAPR_HTTP_PORT: undefined })).to.equal(null);
  });

  it('without what it takes to talk to it is refused, with every problem', () => {
    expect(() => readGivenSidecar({ DAPR_HTTP_PORT: '99999' }))
      .to.throw(SettingsError)
      .with.property('problems')
      .that.has.length(5);
  });
});

describe('the app ids of roles', () => {
  it('are one for all roles of a process, that of the actors where they are among them', () => {
    expect(appIdOf(roleNames)).to.equal('todo-chatbot');
    expect(new Set(roleNames.map(appIdsFrom(roleNames)))).to.deep.equal(new Set(['todo-chatbot']));
  });

  it('are those of each role by itself for the roles of other processes', () => {
    expect(appIdOf(['audit'])).to.equal('todo-audit');
    expect(roleNames.map(appIdsFrom(['gateway']))).to.deep.equal([
      'todo-gateway',
      'todo-chatbot',
      'todo-audit',
      'todo-notification',
      'todo-recurrence',
      'todo-websocket',
    ]);
  });
});
