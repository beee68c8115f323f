import { afterEach, describe, expect, it } from '@jest/globals';
import { Stage } from './support/stage.js';
import { until } from './support/until.js';

describe('events that nobody is bound to', () => {
  let stage: Stage;
  afterEach(() => stage.close());

  it('are kept in the unrouted queue and settle like any other', async () => {
    stage = await Stage.open({
      consume: { bindings: ['*.crm.deal.*'] },
      settings: { B24_EVENTS: 'ONCRMDEALUPDATE,ONCRMLEADADD' },
    });
    stage.push(1, 10);
    stage.push(11, 15, 'ONCRMLEADADD');
    await until('the routed ones', () => stage.delivered().size === 10);
    await until(
      'the others',
      async () => (await stage.downstream.depth(stage.downstream.names.unrouted)) === 5,
    );
    await until('an empty queue on the portal', () => stage.portal.rows().length === 0);
    expect(stage.delivered().size).toBe(10);
  });

  it.each([
    ['the unrouted queue', false],
    ['its binding', true],
  ])('are not lost when somebody removes %s meanwhile', async (_what, bindingOnly) => {
    stage = await Stage.open({ consume: { bindings: ['nothing'] } });
    const { channel, names, depth } = {
      channel: stage.downstream.channel,
      names: stage.downstream.names,
      depth: () => stage.downstream.depth(stage.downstream.names.unrouted),
    };
    stage.push(1, 5);
    await until('the first ones', async () => (await depth()) === 5);
    if (bindingOnly) await channel.unbindQueue(names.unrouted, names.unrouted, '');
    else await channel.deleteQueue(names.unrouted);
    stage.push(6, 10);
    await until('an empty queue on the portal', () => stage.portal.rows().length === 0);
    expect(await depth()).toBe(bindingOnly ? 10 : 5);
  });
});
