import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Browser } from './browser.js';
import { looksGood } from './looks.js';

const PASSWORD = 'correct horse battery';
/** A word that no line has room for. */
const LONG = 'module.submodule.function_of_a_long_name/'.repeat(4);
const REASON = `Traceback (most recent call last): ${LONG}`;
const WHY = `the posting period is being closed, see ${LONG}`;

let system: TestSystem;
let browser: Browser;

/** Some events that nobody gets and some that are dead, each with much to say. */
beforeAll(async () => {
  system = await TestSystem.open({
    settings: { DASHBOARD_PASSWORD: PASSWORD, RETRY_MAX_ATTEMPTS: '1' },
    consume: { bindings: ['acme.crm.deal.add'] },
    onEvent: (event, downstream) => {
      downstream.reply({ status: 'failed', reason: REASON }, event);
      downstream.channel.ack(event.message);
    },
  });
  browser = await Browser.open();
  const { page } = browser;
  await page.goto(system.bridge.url);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('rowheader', { name: /acme/ }).waitFor();
  system.push(1, 3, 'ONCRMDEALUPDATE');
  system.push(4, 5, 'ONCRMDEALADD');
  await until('two dead events', async () => {
    await page.goto(`${system.bridge.url}/events?state=dead&q=${encodeURIComponent(LONG)}`);
    return (await page.locator('[data-pick]').count()) === 2;
  });
  await page.getByRole('button', { name: 'Retry all 2…' }).click();
  await page.getByRole('button', { name: 'Retry 2 events' }).click();
  await page.getByRole('status').getByText('2 of 2 events due now').waitFor();
});

afterAll(async () => {
  await browser?.close();
  await system?.close();
});

describe.each([
  ['English', 'en'],
  ['Русский', 'ru'],
])('in %s', (button, language) => {
  const open = (path: string) => browser.page.goto(`${system.bridge.url}${path}`);

  it('pausing a portal, who did what, and what lies in queues can be read by everybody, wherever', async () => {
    const { page } = browser;
    await open('/');
    if ((await page.locator('html').getAttribute('lang')) !== language) {
      await page.getByRole('button', { name: button }).click();
      await page.locator(`html[lang=${language}]`).waitFor();
    }

    await open('/portals/acme/pause');
    await looksGood(browser, `pause-${language}`);
    await page.locator('input[name=reason]').fill(WHY);
    await page.locator('main button[type=submit]').click();
    await page.locator('#portal .banner', { hasText: WHY }).waitFor();
    await looksGood(browser, `paused-${language}`);
    await open('/');
    await page.locator('#portals', { hasText: WHY }).waitFor();
    await looksGood(browser, `overview-paused-${language}`);
    await open('/portals/acme');
    await page.locator('form[action="/portals/acme/resume"] button').click();
    await page.locator('[role=status]', { hasText: 'acme' }).waitFor();

    await open('/audit');
    await page.locator('#audit', { hasText: WHY }).waitFor();
    await page.locator('#audit', { hasText: LONG }).waitFor();
    await looksGood(browser, `audit-${language}`);

    for (const [queue, key] of [
      ['unrouted', 'acme.crm.deal.update'],
      ['dead', 'acme.crm.deal.add'],
    ] as const) {
      await open('/queues');
      await page.locator(`form[action="/queues/${queue}/look"] button`).click();
      await page.getByRole('rowheader', { name: key }).waitFor();
      await looksGood(browser, `republish-${queue}-${language}`);
    }
    expect(browser.complaints).toEqual([]);
  });
});
