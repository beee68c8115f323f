import { expect, it } from '@jest/globals';
import { type Page } from 'playwright-core';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { closing } from '../support/closing.js';
import { Browser } from './browser.js';
import { looksGood } from './looks.js';

const PASSWORD = 'correct horse battery';
const DEAL = 2;

const closedLater = closing();

async function open(): Promise<{ system: TestSystem; browser: Browser; page: Page }> {
  const system = closedLater(
    await TestSystem.open({
      settings: { DASHBOARD_PASSWORD: PASSWORD, B24_RATE_PER_SECOND: '20', SETTLE_AFTER_MS: '600000' },
      // Slow enough to be watched.
      portal: { ratePerSecond: 1000, burst: 1000, serviceTimePerPageMs: 400 },
    }),
  );
  system.portal.objects.seed(DEAL, { count: 4000 });
  const browser = closedLater(await Browser.open());
  const { page } = browser;
  await page.goto(`${system.bridge.url}/portals/acme`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Snapshots…' }).click();
  await page.getByRole('heading', { name: 'Snapshots of acme' }).waitFor();
  return { system, browser, page };
}

/** Goes on with the Tab key until this has the focus. */
async function tabTo(page: Page, text: string | RegExp): Promise<void> {
  await until(`the focus on ${String(text)}`, async () => {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(
      `(document.activeElement.labels?.[0] ?? document.activeElement).textContent.replace(/\\s+/g, ' ').trim()`,
    );
    return typeof text === 'string' ? focused === text : text.test(focused);
  });
}

it('is started, paused, resumed and cancelled by keyboard, on a page that goes on being drawn', async () => {
  const { browser, page } = await open();
  await page.getByText('There was none yet.').waitFor();
  await looksGood(browser, 'snapshots-none');

  await tabTo(page, /^Types/);
  await page.keyboard.type('crm.deal');
  await tabTo(page, /^Only objects/);
  await page.keyboard.type('opportunity>=0');
  await page.keyboard.press('Enter');
  const status = page.getByRole('status');
  await status.getByText('Snapshot 1 begins within seconds.').waitFor();

  const bar = page.getByRole('progressbar', { name: 'Snapshot 1' });
  const value = async () => Number(await bar.getAttribute('value'));
  await until('progress', async () => (await value()) > 0);
  await tabTo(page, 'Pause Snapshot 1');
  const seen = await value();
  // The page is drawn anew under the keyboard, and does not lose its place.
  await until('more progress', async () => (await value()) > seen);
  await page.getByText(/objects, of about 4,000/).waitFor();
  await looksGood(browser, 'snapshots-running');
  await page.keyboard.press('Enter');
  await status.getByText('Snapshot 1: paused.').waitFor();
  const item = page.locator('#snapshot-1');
  await item.getByText('paused', { exact: true }).waitFor();
  const paused = await value();
  expect(paused).toBeGreaterThan(0);
  expect(paused).toBeLessThan(1);

  await tabTo(page, 'Resume Snapshot 1');
  await page.keyboard.press('Enter');
  await status.getByText('Snapshot 1: running.').waitFor();
  await until('progress again', async () => (await value()) > paused);
  await tabTo(page, 'Cancel Snapshot 1');
  await page.keyboard.press('Enter');
  await status.getByText('Snapshot 1: cancelled.').waitFor();
  expect(await item.getByRole('button').count()).toBe(0);
  expect(browser.complaints).toEqual([]);
});

it('says what is unclear, and why one has failed, on a phone too', async () => {
  const { system, browser, page } = await open();
  await page.setViewportSize({ width: 390, height: 844 });
  const start = async (types: string) => {
    await page.getByLabel(/^Types/).fill(types);
    await page.getByRole('button', { name: 'Start a snapshot' }).click();
  };
  await start('crm.unicorn');
  await page.locator('.banner.bad', { hasText: 'is none of' }).waitFor();
  system.portal.objects.seed(1036, { count: 10 });
  system.portal.objects.dropType(1036);
  await start('crm.dynamic-item-1036');
  const failed = page.locator('#snapshot-1');
  await failed.getByText('failed').waitFor();
  await failed.locator('.reason', { hasText: 'crm.dynamic-item-1036' }).waitFor();
  // It has not begun, and does not look as if it were about to.
  expect(await failed.getByRole('progressbar').getAttribute('value')).toBe('0');
  system.portal.objects.seed(3, { count: 40 });
  await start('crm.contact');
  const other = page.locator('#snapshot-2');
  await other.getByText('completed').waitFor();
  await other.getByText(/^100 %, 40 objects, took/).waitFor();
  await looksGood(browser, 'snapshots-over');
  expect(browser.complaints).toEqual([]);
});
