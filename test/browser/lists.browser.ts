import { expect, it } from '@jest/globals';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { closing } from '../support/closing.js';
import { Browser } from './browser.js';
import { looksGood } from './looks.js';

const PASSWORD = 'correct horse battery';
const TRACEBACK = `line one\nline two of a traceback\n${'module.submodule.function_of_a_long_name/'.repeat(10)}`;

const closedLater = closing();

/** Every event fails, for a reason that goes by its object's number, until it is `mended`. */
async function open(settings: Record<string, string> = {}) {
  const broken = { reason: 'customer 42 is unknown', mended: false };
  const system = closedLater(
    await TestSystem.open({
      settings: { DASHBOARD_PASSWORD: PASSWORD, ...settings },
      onEvent: (event, downstream) => {
        const reason = event.objectId === '999' ? TRACEBACK : broken.reason;
        if (!broken.mended) downstream.reply({ status: 'failed', reason }, event);
        downstream.channel.ack(event.message);
      },
    }),
  );
  const browser = closedLater(await Browser.open());
  const { page } = browser;
  await page.goto(`${system.bridge.url}/events`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Events that went wrong' }).waitFor();
  return { system, browser, page, broken };
}

it('a list does not move while somebody works with it: what is new waits behind a button', async () => {
  const { system, browser, page } = await open();
  system.push(1, 3);
  // Until nothing changes by itself any more.
  await page.getByText('3 events: 3 marked').waitFor();
  const row = page.locator('#event-rows tr').nth(1);
  const named = await row.getAttribute('data-key');
  await row.hover();
  await row.locator('[data-pick]').check();
  const place = await row.boundingBox();

  system.push(4, 7);
  const show = page.getByRole('link', { name: 'Show 4 new' });
  await show.waitFor();
  expect(await page.locator('#event-rows tr').count()).toBe(3);
  expect(await page.locator('#event-rows tr').nth(1).getAttribute('data-key')).toBe(named);
  expect((await row.boundingBox())?.y).toBe(place?.y);
  expect(await row.locator('[data-pick]').isChecked()).toBe(true);
  await looksGood(browser, 'new');

  await show.click();
  await until('all', async () => (await page.locator('#event-rows tr').count()) === 7);
  // The keyboard goes on at the list, and not at the top of the page.
  expect(await page.evaluate('document.activeElement.id')).toBe('event-count');
  expect(browser.complaints).toEqual([]);
});

it('a button acts on what was seen, says on which, and leaves alone what has gone on since', async () => {
  const { system, page, broken } = await open();
  system.push(42, 43);
  await page.getByText('2 events: 2 marked').waitFor();
  // A page that hears of nothing any more, as one on a phone in a tunnel.
  await page.route(/\/(events|live)/, (route) =>
    route.request().method() === 'GET' && route.request().headers()['x-live'] !== undefined
      ? route.abort()
      : route.continue(),
  );
  broken.mended = true;
  const other = await page.context().newPage();
  await other.goto(`${system.bridge.url}/events`);
  await other
    .locator('tr', { hasText: 'crm.deal/42' })
    .getByRole('button', { name: /^Retry/ })
    .click();
  const notice = other.locator('.banner.done');
  await notice.getByText('ONCRMDEALUPDATE crm.deal/42 of acme').waitFor();
  await until('the second attempt', () =>
    system.downstream.received.some(({ objectId, attempt }) => objectId === '42' && attempt === 2),
  );
  await page
    .locator('tr', { hasText: 'crm.deal/42' })
    .getByRole('button', { name: /^Retry/ })
    .click();
  await page.getByRole('status').getByText('1 event has gone on since you saw it').waitFor();
});

it('events are grouped by reason, retried together at a pace, and the work says how it ended', async () => {
  const { system, browser, page, broken } = await open({ RETRY_BY_HAND_PER_SECOND: '1' });
  system.push(1, 24);
  system.push(999, 999);
  await page.getByText('25 events: 25 marked').waitFor();
  await page.getByRole('link', { name: 'Group by reason' }).click();
  await page.getByRole('rowheader', { name: 'line one line two of a traceback' }).waitFor();
  await page.reload();
  const group = page.getByRole('row', { name: /customer 42 is unknown/ });
  expect(await group.innerText()).toMatch(/24\s+1/);
  await looksGood(browser, 'groups');

  await page.getByRole('link', { name: 'line one line two of a traceback' }).click();
  await page.getByText('1 event: 1 marked').waitFor();
  await page.goBack();
  await group.waitFor();

  broken.mended = true;
  await group.getByRole('button', { name: /^Retry 24/ }).click();
  await page.getByRole('heading', { name: 'Retry 24 events?' }).waitFor();
  await page.getByRole('button', { name: 'Retry 24 events' }).click();
  await page.getByText(/follow; you can leave this page/).waitFor();
  await page.getByText(/to go, 1 a second/).waitFor();
  await looksGood(browser, 'task');
  // Left, and looked at again.
  await page.goto(system.bridge.url);
  await until('all were delivered again', () => {
    const again = system.downstream.received.filter(({ attempt }) => attempt === 2);
    return new Set(again.map(({ objectId }) => objectId)).size === 24;
  });
  await page.goto(`${system.bridge.url}/events`);
  await page.getByText(/24 done, finished/).waitFor();
  expect(system.downstream.received.some(({ objectId, attempt }) => objectId === '999' && attempt > 1)).toBe(
    false,
  );
});
