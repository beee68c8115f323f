import { afterEach, describe, expect, it } from '@jest/globals';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

/** A consumer that writes to the portal: which of its changes come back to it. */
describe('a write of one’s own', () => {
  let system: TestSystem;
  afterEach(() => system.close());

  const post = async (url: string, body: unknown): Promise<unknown> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return ((await response.json()) as { result: unknown }).result;
  };

  /** Adds a deal with an access token; returns its id. */
  const add = async (token: string, key: Record<string, string> = {}): Promise<string> => {
    const root = `${system.emulator.url}/${system.portal.name}/rest/`;
    return String(await post(`${root}crm.deal.add`, { auth: token, ...key, fields: { TITLE: 'A deal' } }));
  };

  const addByWebhook = async (): Promise<string> => {
    const { userId, secret } = system.portal.webhook;
    const root = `${system.emulator.url}/${system.portal.name}/rest/${userId}/${secret}/`;
    return String(await post(`${root}crm.deal.add`, { fields: { TITLE: 'A deal' } }));
  };

  /** Everything that was announced has been delivered, and these deals alone. */
  async function comesBack(expected: readonly string[]): Promise<void> {
    await until('what comes back', () => expected.every((id) => system.delivered().has(id)));
    await until('an empty queue', () => system.portal.rows().length === 0);
    expect([...system.delivered()].sort()).toEqual([...expected].sort());
  }

  it('comes back to nobody by the bridge’s own application, and to everybody by a webhook or another one', async () => {
    system = await TestSystem.open();
    await add(system.portal.issueAccessToken());
    const other = await add(system.portal.accessTokenOfOther());
    const hook = await addByWebhook();
    await comesBack([other, hook]);
  });

  it('with a source key comes back unless the application and the key are the bridge’s own', async () => {
    system = await TestSystem.open({ settings: { B24_AUTH_CONNECTOR: 'warehouse' } });
    const own = system.portal.issueAccessToken();
    await add(own, { auth_connector: 'warehouse' });
    const expected = [
      await add(own),
      await add(own, { auth_connector: 'erp' }),
      await add(system.portal.accessTokenOfOther(), { auth_connector: 'warehouse' }),
      await addByWebhook(),
    ];
    await comesBack(expected);
  });
});
