import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { OwnPortal } from './support/own-portal.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

describe('events that nobody is bound to', () => {
  let system: TestSystem;
  beforeAll(async () => {
    // Somebody takes the changes of deals, and nobody new leads.
    system = await TestSystem.open({
      consume: { bindings: ['*.crm.deal.*'] },
      settings: { B24_EVENTS: 'ONCRMDEALUPDATE,ONCRMLEADADD,ONCRMLEADUPDATE' },
    });
  });
  afterEach(() => system.downstream.channel.purgeQueue(system.downstream.names.unrouted));
  afterAll(() => system?.close());

  // The first one: what comes back is told of once in a while.
  it('go there too when only an exchange of somebody else is bound, with no queue behind it', async () => {
    const own = await OwnPortal.installed(system);
    const { channel, names, prefix } = system.downstream;
    const foreign = `${prefix}.foreign`;
    const key = `${own.portal.name}.crm.lead.add`;
    await channel.assertExchange(foreign, 'topic', { autoDelete: true });
    await channel.bindExchange(foreign, names.events, `${own.portal.name}.crm.lead.*`);
    own.push(1, 10);
    own.push(11, 40, 'ONCRMLEADADD');
    own.push(41, 50);
    await until('the routed ones', () => own.delivered().size === 20);
    await until('an empty queue on the portal', () => own.portal.rows().length === 0);
    const unrouted = new Set<string>();
    for (;;) {
      const kept = await channel.get(names.unrouted, { noAck: true });
      if (kept === false) break;
      expect(kept.fields.routingKey).toBe(key);
      unrouted.add(String(kept.properties.messageId));
    }
    expect(unrouted.size).toBe(30);
    expect(system.bridge.find('publisher.channel_ended')).toBeUndefined();
    expect(system.bridge.find('publisher.unroutable')?.message).toMatchObject({
      exchange: names.events,
      routingKey: key,
    });
  });

  it('are kept in the unrouted queue and settle like any other', async () => {
    const own = await OwnPortal.installed(system);
    own.push(1, 10);
    own.push(11, 15, 'ONCRMLEADADD');
    await until('the routed ones', () => own.delivered().size === 10);
    await until(
      'the others',
      async () => (await system.downstream.depth(system.downstream.names.unrouted)) === 5,
    );
    await until('an empty queue on the portal', () => own.portal.rows().length === 0);
    expect(own.delivered().size).toBe(10);
  });

  it.each([
    ['the unrouted queue', false],
    ['its binding', true],
  ])('are not lost when somebody removes %s meanwhile', async (_what, bindingOnly) => {
    const own = await OwnPortal.installed(system);
    const { channel, names, depth } = {
      channel: system.downstream.channel,
      names: system.downstream.names,
      depth: () => system.downstream.depth(system.downstream.names.unrouted),
    };
    own.push(1, 5, 'ONCRMLEADADD');
    await until('the first ones', async () => (await depth()) === 5);
    if (bindingOnly) await channel.unbindQueue(names.unrouted, names.unrouted, '');
    else await channel.deleteQueue(names.unrouted);
    own.push(6, 10, 'ONCRMLEADADD');
    await until('an empty queue on the portal', () => own.portal.rows().length === 0);
    expect(await depth()).toBe(bindingOnly ? 10 : 5);
  });
});
