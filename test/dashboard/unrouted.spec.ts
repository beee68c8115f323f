import { afterEach, describe, expect, it } from '@jest/globals';
import { RABBITMQ_URL } from '../support/test-bridge.js';
import { TestSystem } from '../support/test-system.js';
import { startProxyTo, type TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'correct horse battery';

describe('the dashboard, of events that nobody is bound to,', () => {
  let system: TestSystem;
  let proxy: TcpProxy;
  afterEach(async () => {
    await system.close();
    await proxy.close();
  });

  it('says by which routing keys, also after the broker was away, and leaves them where they are kept', async () => {
    const through = await startProxyTo(RABBITMQ_URL);
    ({ proxy } = through);
    system = await TestSystem.open({
      consume: { bindings: ['*.crm.deal.*'] },
      settings: {
        RABBITMQ_URL: through.url,
        DASHBOARD_PASSWORD: PASSWORD,
        B24_EVENTS: 'ONCRMDEALUPDATE,ONCRMLEADADD,ONCRMLEADUPDATE',
      },
    });
    const person = new Visitor(system.bridge.url);
    await person.logIn(PASSWORD);
    /** Count by routing key, as the page says it. */
    const keys = async (): Promise<Record<string, number>> =>
      Object.fromEntries(
        [
          ...(await person.get('/queues')).body.matchAll(
            /<li>\s*<code>([^<]+)<\/code>\s*<span\s*>\s*<b>(\d+)</g,
          ),
        ].map(([, key = '', count]) => [key, Number(count)]),
      );
    await until('eyes', async () => !(await person.get('/queues')).body.includes('Not watched'));
    system.push(1, 3);
    system.push(11, 15, 'ONCRMLEADADD');
    system.push(21, 22, 'ONCRMLEADUPDATE');
    const sum = async () => Object.values(await keys()).reduce((all, count) => all + count, 0);
    await until('all of them', async () => (await sum()) >= 7);
    expect(await keys()).toEqual({ 'acme.crm.lead.add': 5, 'acme.crm.lead.update': 2 });

    await proxy.refuse();
    proxy.cut();
    await until('no eyes', async () => (await person.get('/queues')).body.includes('Not watched'));
    await proxy.accept();
    await until(
      'eyes again',
      async () => !(await person.get('/queues')).body.includes('Not watched'),
      30_000,
    );
    system.push(31, 31, 'ONCRMLEADADD');
    await until('one more', async () => (await keys())['acme.crm.lead.add'] === 6);
    const { downstream } = system;
    await until(
      'all where they are kept',
      async () => (await downstream.depth(downstream.names.unrouted)) === 8,
    );
  }, 180_000);
});
