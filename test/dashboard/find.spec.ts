import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BridgeProcess } from '../support/bridge-process.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Visitor } from '../support/visitor.js';

const PASSWORD = 'correct horse battery';
const REASON = 'Клиент ЩУКА неизвестен';
/** What is done every half minute is done soon after it. */
const PURGE_MS = 31_000;

describe('what became of deal 123', () => {
  let system: TestSystem<BridgeProcess>;
  let person: Visitor;
  let russian: Visitor;

  /** Objects in the list that a query finds. */
  const found = async (query: Record<string, string>, visitor = person) => {
    const { body } = await visitor.get(`/events/all?${new URLSearchParams(query).toString()}`);
    const rows = [...body.matchAll(/<tr id="found-\d+">.*?<span class="quiet">(crm\.deal\/\d+)/gs)];
    return rows.map(([, object]) => object).sort();
  };
  /** The page of the first event that a text finds. */
  const pageOf = async (text: string, visitor = person) => {
    const { body } = await visitor.get(`/events/all?q=${encodeURIComponent(text)}`);
    const [, path = ''] = /<th scope="row">\s*<a href="([^"]+)"/.exec(body) ?? [];
    return (await visitor.get(path.replaceAll('&amp;', '&'))).body;
  };

  beforeAll(async () => {
    system = await TestSystem.open({
      settings: { DASHBOARD_PASSWORD: PASSWORD, RETRY_MAX_ATTEMPTS: '1', LATE_FAILURE_WINDOW_MS: '1000' },
      movableClock: true,
      onEvent: (event, downstream) => {
        const fails = Number(event.objectId) >= 900;
        downstream.reply(fails ? { status: 'failed', reason: REASON } : { status: 'processed' }, event);
        downstream.channel.ack(event.message);
      },
    });
    [person, russian] = [{}, { 'accept-language': 'ru' }].map(
      (headers) => new Visitor(system.bridge.url, '127.0.0.1', headers),
    ) as [Visitor, Visitor];
    await person.logIn(PASSWORD);
    await russian.logIn(PASSWORD);
    system.push(123, 124);
    system.push(901, 901);
    await until('the dead', async () => (await found({ state: 'dead' })).length === 1);
    await until('the processed', async () => (await found({ state: 'processed' })).length === 2);
  }, 240_000);
  afterAll(() => system?.close());

  it('is found by object in either language, by reason whatever its case, by state, portal, code and time', async () => {
    expect(await found({ q: 'deal 123' })).toEqual(['crm.deal/123']);
    expect(await found({ q: 'Сделка №123' })).toEqual(['crm.deal/123']);
    expect(await found({ q: 'клиент щука' })).toEqual(['crm.deal/901']);
    expect(await found({ q: 'acme deal 124', state: 'processed' })).toEqual(['crm.deal/124']);
    expect(await found({ portal: 'acme', event: 'oncrmdealupdate' })).toHaveLength(3);
    expect(await found({ from: '2020-01-01', to: '2021-01-01 14:00' })).toEqual([]);
    expect(await found({ from: '2020-01-01 00:00' })).toHaveLength(3);
    for (const query of ['portal=nobody', 'from=yesterday'])
      expect((await person.get(`/events/all?${query}`)).body).toContain('no such portal, and no time like');
    expect((await person.get('/events/all?q=deal+777')).body).toContain('Nothing like it is known.');
    expect((await person.get('/events/all?after=nonsense')).status).toBe(400);
  });

  it('shows the way of a dead event, and who retried it', async () => {
    const before = await pageOf('deal 901');
    expect(before).toContain('Attempt 1 failed');
    expect(before).toContain('(a reply said so)');
    expect(before).toContain(REASON);
    const [, seq = ''] = /name="only"\s+value="(\d+)/.exec(before) ?? [];
    await person.post('/events/retry', [['only', seq]]);
    await until('the second series', async () => (await pageOf('deal 901')).includes('Attempt 2 failed'));
    expect(await pageOf('deal 901')).toContain('Retried by dashboard');
    const told = await pageOf('сделка 901', russian);
    for (const words of ['Попытка 1 не удалась', '(об этом сообщил ответ)', 'Повтор вручную: dashboard'])
      expect(told).toContain(words);
  }, 120_000);

  it('is told when its record is gone, too, with a link to the deal and without its body', async () => {
    await until('the history', async () => {
      await system.bridge.setClockForward(PURGE_MS);
      return (await pageOf('deal 123')).includes('It is over.');
    });
    const page = await pageOf('deal 123');
    expect(page).toContain('Attempt 1 confirmed by RabbitMQ');
    expect(page).toContain('Delivered: settled as processed');
    expect(page).toMatch(/href="http[^"]+\/crm\/deal\/details\/123\/"/);
    expect(page).not.toContain('specversion');
    expect(await pageOf('deal 123', russian)).toContain('Доставлено и обработано');
    expect(await found({ q: 'deal 123' })).toEqual(['crm.deal/123']);
    // From the list of what went wrong one is led there.
    expect((await person.get('/events?q=deal+123')).body).toContain('href="/events/all?q=deal+123"');
  }, 120_000);

  it('is taken along as a file, with what is over', async () => {
    const csv = (await person.get('/events/all/export/csv?state=processed')).body.trim().split('\r\n');
    expect(csv).toHaveLength(3);
    expect(csv[1]).toContain(',crm.deal/124,acme,');
    const json = JSON.parse((await person.get('/events/all/export/json?q=deal+901')).body) as unknown;
    expect(json).toMatchObject([{ object: 'crm.deal/901', state: 'dead', reason: REASON }]);
    expect((await person.get('/events/all/export/xml')).status).toBe(404);
  });
});
