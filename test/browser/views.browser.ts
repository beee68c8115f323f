import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Browser } from './browser.js';

/** Where pictures of every view go; unset: they are looked at by machines only. */
const SCREENSHOTS = process.env['SCREENSHOTS'];
const PASSWORD = 'correct horse battery';
const REASONS = [
  'customer 42 is unknown',
  'ERP answered 503 after 30 s: the posting period is being closed, try again later; reference 7f3a-11, node erp-02',
  'currency XDR is not set up',
  '<b>Steuerschlüssel</b> fehlt: "7 %"',
];

let system: TestSystem | null = null;
let browser: Browser | null = null;
let load: NodeJS.Timeout | undefined;

afterEach(async () => {
  clearInterval(load);
  await browser?.close();
  await system?.close();
  browser = system = null;
});

/** Portals that work, one that is in trouble (some more for pictures), and consumers that fail some events. */
async function populate(): Promise<TestSystem> {
  const opened = await TestSystem.open({
    settings: {
      DASHBOARD_PASSWORD: PASSWORD,
      RETRY_MAX_ATTEMPTS: '2',
      SETTLE_AFTER_MS: '4000',
    },
    consume: { bindings: ['acme.#', 'globex.#'] },
    onEvent: (event, downstream) => {
      const id = Number(event.objectId);
      if (id >= 900) {
        downstream.reply({ status: 'failed', reason: REASONS[id % REASONS.length] }, event);
      }
      downstream.channel.ack(event.message);
    },
  });
  system = opened;
  const [globex, initech] = ['globex', 'initech'].map((name) => opened.emulator.addPortal({ name }));
  const others = Array.from({ length: SCREENSHOTS === undefined ? 0 : 27 }, (_, index) =>
    opened.emulator.addPortal({ name: `client-${String(index + 1).padStart(2, '0')}` }),
  );
  for (const portal of [globex, initech, ...others]) {
    await portal?.install(`${opened.bridge.url}/bitrix24/install`);
  }
  await until('bindings', () => initech?.bindings().length === 3 && globex?.bindings().length === 3);

  const change = (id: number, event = 'ONCRMDEALUPDATE') => ({ event, data: { FIELDS: { ID: String(id) } } });
  for (let id = 1; id <= 3; id += 1) initech?.push(change(id));
  initech?.push(change(4, 'ONCRMDEALDELETE'));
  for (let id = 901; id <= 903; id += 1) opened.portal.push(change(id, 'ONCRMDEALADD'));
  await until('unrouted events', () => initech?.rows().length === 0);
  for (const portal of [initech, ...others.slice(0, 2)]) portal?.setState('overload');
  opened.downstream.reply('{"status":"done"}');
  opened.downstream.reply('not even JSON');

  let id = 0;
  load = setInterval(() => {
    // A few at a time, in waves.
    const some = Math.round(3 + 2 * Math.sin(Date.now() / 6000));
    for (let more = 0; more < some; more += 1) {
      id += 1;
      opened.portal.push(change(id % 400));
      if (id % 3 === 0) globex?.push(change(id % 90));
    }
  }, 150);
  // Long enough for a chart to look at.
  if (SCREENSHOTS !== undefined) await new Promise((resolve) => setTimeout(resolve, 60_000));
  return opened;
}

it('every view is accessible, wide and narrow, light and dark, and scrolls one way only', async () => {
  const opened = await populate();
  browser = await Browser.open();
  const { page } = browser;
  await page.goto(opened.bridge.url);
  await shoot('log-in');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('rowheader', { name: /initech/ }).waitFor();

  // The first failures are retried until they are dead, later ones wait.
  await page.goto(`${opened.bridge.url}/events?state=marked&state=waiting`);
  await until('three that wait', async () => (await page.locator('[data-pick]').count()) === 3);
  await page.locator('[data-pick-all]').check();
  await page.getByRole('button', { name: 'Retry selected (3)' }).click();
  await page.goto(`${opened.bridge.url}/events?state=dead`);
  await until('three dead', async () => (await page.locator('[data-pick]').count()) === 3);
  opened.push(904, 907);
  for (const id of [908, 909])
    opened.emulator.portal('globex').push({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: String(id) } } });
  await page.goto(`${opened.bridge.url}/events`);
  await until('nine in trouble', async () => (await page.locator('[data-pick]').count()) === 9);
  await page.locator('#event-count', { hasText: '6 marked, 3 dead' }).waitFor();
  await page.locator('[data-pick]').nth(1).check();
  await page.locator('[data-pick]').nth(2).check();
  await shoot('events');
  await page.getByRole('link', { name: 'Group by reason' }).click();
  await page.getByRole('rowheader', { name: 'customer 42 is unknown' }).waitFor();
  await shoot('reasons');
  await page.goBack();

  await page.locator('tbody th a').last().click();
  await page.getByRole('heading', { name: 'Time line' }).waitFor();
  await shoot('event');
  await page.getByRole('button', { name: /^Discard/ }).click();
  await page.getByRole('heading', { name: 'Discard 1 event?' }).waitFor();
  await shoot('confirm');

  await page.goto(`${opened.bridge.url}/portals/acme`);
  await page.getByRole('button', { name: 'Count it now' }).click();
  await page.getByText(/Counted on acme/).waitFor();
  await shoot('portal');
  await page.goto(`${opened.bridge.url}/portals/initech`);
  await page.getByText('What helps').waitFor();
  await shoot('portal-stopped');
  await page.getByRole('link', { name: 'Queues & health' }).click();
  await page.getByRole('heading', { name: 'Rejected replies 2' }).waitFor();
  await page.getByRole('heading', { name: 'Unrouted 4' }).waitFor();
  await page.getByText('initech.crm.deal.update').waitFor();
  await shoot('queues');
  await page.getByRole('link', { name: 'Overview' }).first().click();
  await page.locator('#portal-rows').getByText('suspended').first().waitFor();
  await shoot('overview');
  expect(browser.complaints).toEqual([]);

  async function shoot(view: string): Promise<void> {
    for (const [size, width, height] of [
      ['wide', 1280, 800],
      ['narrow', 390, 844],
    ] as const) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        expect(await browser?.accessibilityFaults()).toEqual([]);
        const { scrollWidth, clientWidth } = await page.evaluate(() => {
          const { scrollWidth, clientWidth } = (
            globalThis as unknown as {
              document: { documentElement: { scrollWidth: number; clientWidth: number } };
            }
          ).document.documentElement;
          return { scrollWidth, clientWidth };
        });
        expect(`${view} ${size}: ${scrollWidth}`).toBe(`${view} ${size}: ${clientWidth}`);
        if (SCREENSHOTS === undefined) continue;
        mkdirSync(SCREENSHOTS, { recursive: true });
        const path = join(SCREENSHOTS, `${view}-${size}-${colorScheme}.png`);
        // As high as what it shows, within what somebody looks at.
        await page.evaluate('scrollTo(0, 0)');
        const { y = 0, height: content = 0 } = (await page.locator('main').boundingBox()) ?? {};
        const shown = Math.min(Math.max(Math.ceil(y + content), 320), 2 * height - 400);
        const clip = { x: 0, y: 0, width, height: shown };
        await page.screenshot({ path, clip, fullPage: true });
        // Where it is installed: a third of the size.
        spawnSync('pngquant', ['--force', '--ext', '.png', '--strip', '128', path]);
      }
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: 'light' });
  }
});
