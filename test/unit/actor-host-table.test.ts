import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { defineActorType } from '../../actors/host/actor.js';
import { ActorTable, type ArrivedCall, type HostedType } from '../../actors/host/actor-table.js';
import { TurnMetrics } from '../../actors/host/metrics.js';
import { until } from '../support/actor-host-server.js';

describe('the table of actors', () => {
  let table: HostedType;
  let turns: number;

  const type = defineActorType({ name: 'Task', activate: () => ({}), methods: { work: () => ++turns } });

  beforeEach(() => {
    turns = 0;
    const metrics = new TurnMetrics(new Registry(), () => []);
    table = type.use<HostedType>((definition) => new ActorTable(definition, metrics, pino({ enabled: false }), 9));
  });

  function arrive(): ArrivedCall {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    const call = table.arrive({ type: 'Task', id: 'one', kind: 'method', name: 'work' }, response);
    if (!call) throw new Error('there is such a method');
    return call;
  }
  async function work(): Promise<void> {
    const before = turns;
    arrive().begin(undefined);
    await until(() => turns === before + 1 && table.stats().busy === 0);
  }

  it('keeps an actor that is called between two sweeps, and frees it when it was not', async () => {
    await work();
    table.sweep();
    await work();
    table.sweep();
    expect(table.stats().active).to.equal(1);
    table.sweep();
    expect(table.stats().active).to.equal(0);
  });

  it('starts no turn for a caller who had gone when the body was whole', () => {
    const call = arrive();
    call.abort();
    call.begin(undefined);
    expect(table.stats()).to.deep.equal({ type: 'Task', active: 0, busy: 0, waiting: 0 });
    expect(turns).to.equal(0);
  });
});
