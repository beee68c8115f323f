import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { json, run } from '../cli/in-process.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { linesOf, portalRow } from '../support/before-install.js';

const PASSWORD = 'correct horse battery';
const API_SECRET = '0123456789abcdef0123456789abcdef';
const CYRILLIC = 'xn--80aswg.localhost';
const ALLOWED = 'САЙТ.localhost, *.САЙТ.localhost, b24_test.localhost';

describe('a portal at whatever address a URL takes', () => {
  let system: TestSystem;

  /** The portal of a site is a first portal, called by its settings as `written`. */
  const open = async (site: string, written: (port: number) => string, settings = {}) => {
    system = await TestSystem.prepare({
      portal: { site },
      settings: {
        ...settings,
        DASHBOARD_PASSWORD: PASSWORD,
        SETTLE_AFTER_MS: '600000',
        RETRY_BASE_DELAY_MS: '100',
      },
    });
    system.bridge.settings['B24_DOMAIN'] = written(system.emulator.port);
    system.bridge.start();
    await system.downstream.start();
    await until('bindings', () => system.portal.bindings().length === 3);
  };
  const delivered = async (id: number) => {
    system.push(id, id);
    await until(`event ${id}`, () => system.delivered().has(String(id)));
    return system.downstream.received.find(({ objectId }) => objectId === String(id))!;
  };

  describe('that a service begins with', () => {
    afterEach(() => system.close());

    it.each<[string, string, string, string, string]>([
      ['сайт.localhost', 'САЙТ.localhost', CYRILLIC, 'xn--80aswg', 'сайт.localhost'],
      ['сайт.localhost', CYRILLIC, CYRILLIC, 'xn--80aswg', 'сайт.localhost'],
      ['b24_test.localhost', 'b24_test.localhost', 'b24_test.localhost', '', 'b24_test.localhost'],
      ['Acme.LOCALHOST', 'aCME.localhost.', 'acme.localhost', 'acme', 'acme.localhost'],
      ['acme.localhost.', 'acme.localhost', 'acme.localhost', 'acme', 'acme.localhost'],
    ])('at %s, called %s, is drained, and shown as it is written', async (site, word, host, name, shown) => {
      await open(site, (port) => `${word}:${port}`, { B24_ALLOWED_PORTALS: `${ALLOWED}, ACME.localhost` });
      const { port } = system.emulator;
      const event = await delivered(1);
      const known = name === '' ? `portal${system.portal.memberId.slice(0, 8)}` : name;
      expect(event.routingKey).toBe(`${known}.crm.deal.update`);
      expect(event.body['source']).toBe(`http://${host}:${port}`);
      expect(portalRow(system.bridge, system.portal.memberId)).toMatchObject({ domain: `${host}:${port}` });
      expect(system.bridge.find('portal.installed')?.message['domain']).toBe(`${shown}:${port}`);
      expect(system.bridge.find('portal.other_domain')).toBeUndefined();

      expect((await run(system.bridge, ['portals', 'list'])).stdout).toContain(` ${shown}:${port} `);
      expect(await json(system.bridge, ['portals', 'list'])).toMatchObject({
        portals: [{ domain: `${host}:${port}`, shownAs: `${shown}:${port}` }],
      });
      for (const called of [`${word}:${port}`, `${host}:${port}`, `http://${shown}:${port}/rest/`]) {
        expect(await json(system.bridge, ['portals', 'check', called])).toMatchObject({ exitCode: 0 });
      }
      // A reply of several events may name its portal so, too.
      system.downstream.reply({
        portal: `${word}:${port}`,
        process_id: event.processId,
        message_id: [event.messageId],
        status: 'failed',
      });
      await until('the next attempt', () => system.downstream.received.length === 2);
      expect(system.downstream.received[1]?.attempt).toBe(2);
      // Known at the next start, it is not installed again.
      await system.bridge.stop();
      system.bridge.start();
      await delivered(2);
      expect(linesOf(system.bridge, 'portal.installed')).toEqual([]);
    });
  });

  describe('beside others', () => {
    beforeAll(() =>
      open('crm.localhost/b24', (port) => `crm.localhost:${port}/b24`, {
        B24_ALLOWED_PORTALS: `${ALLOWED}, crm.localhost`,
        API_TOKEN: `ops:operate:${API_SECRET}`,
      }),
    );
    afterAll(() => system.close());

    it('in a folder is told from others on its host', async () => {
      const { port } = system.emulator;
      const event = await delivered(1);
      expect(event.body['source']).toBe(`http://crm.localhost:${port}/b24`);
      const other = system.emulator.addPortal({ name: 'other', site: 'crm.localhost/test' });
      const code = system.emulator.authority.issueCode(other, system.emulator.clientId);
      const add = (address: string) =>
        run(system.bridge, ['portals', 'add', `http://crm.localhost:${port}/${address}`, '--code', code]);
      expect((await add('b24')).stderr).toContain(`belongs to crm.localhost:${port}/test`);
      const again = system.emulator.authority.issueCode(other, system.emulator.clientId);
      const added = await run(system.bridge, [
        'portals',
        'add',
        `http://crm.localhost:${port}/test/rest/`,
        '--code',
        again,
      ]);
      expect(added.stdout).toContain(`crm.localhost:${port}/test is installed as portal`);
      await until('its bindings', () => other.bindings().length === 3);
      const listed = await run(system.bridge, ['portals', 'list']);
      expect(listed.stdout).toMatch(/crm\.localhost:\d+\/b24 .*\n.*crm\.localhost:\d+\/test /);
      expect((await run(system.bridge, ['portals', 'check', `crm.localhost:${port}/test`])).exitCode).toBe(0);
      // The host alone may mean both.
      const both = await run(system.bridge, ['portals', 'check', `crm.localhost:${port}`]);
      expect([both.exitCode, both.stderr]).toEqual([1, expect.stringContaining('means several portals')]);
      const discard = await fetch(new URL('/api/v1/events/discard', system.bridge.url), {
        method: 'POST',
        headers: { Authorization: `Bearer ${API_SECRET}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ filter: { portal: `crm.localhost:${port}` } }),
      });
      expect([discard.status, await discard.json()]).toEqual([
        409,
        expect.objectContaining({
          detail: expect.stringContaining('means several portals: name one of') as unknown,
        }),
      ]);
    });

    it('is let in by a rule in any writing, and kept out by another', async () => {
      const install = (name: string, site: string) =>
        system.emulator.addPortal({ name, site }).install(`${system.bridge.url}/bitrix24/install`);
      expect((await install('itself', 'сайт.localhost')).status).toBe(200);
      expect((await install('below', 'crm.сайт.localhost')).status).toBe(200);
      expect((await install('underscore', 'B24_Test.localhost')).status).toBe(200);
      expect((await install('beside', 'сайты.localhost')).status).toBe(403);
      // Its first letter is a Latin c.
      expect((await install('alike', 'crm.cайт.localhost')).status).toBe(403);
      expect(linesOf(system.bridge, 'install.refused')[0]?.message['domain']).toMatch(/^сайты\.localhost:/);
    });
  });
});
