import { renameSync } from 'node:fs';
import { afterEach, expect, it } from '@jest/globals';
import { SmallDisk } from '../support/small-disk.js';
import { RABBITMQ_URL } from '../support/test-bridge.js';
import { startProxyTo, type TcpProxy } from '../support/tcp-proxy.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Browser } from './browser.js';

const PASSWORD = 'correct horse battery';

let system: TestSystem | null = null;
let browser: Browser | null = null;
let proxy: TcpProxy | null = null;
let disk: SmallDisk | null = null;

afterEach(async () => {
  await browser?.close();
  await system?.close();
  await proxy?.close();
  disk?.remove();
  browser = system = proxy = disk = null;
});

async function open(
  settings: Record<string, string> = {},
): Promise<{ system: TestSystem; browser: Browser }> {
  system = await TestSystem.open({
    settings: { DASHBOARD_PASSWORD: PASSWORD, ...settings },
    onEvent: (event, downstream) => {
      downstream.reply({ status: 'failed', reason: 'customer 42 is unknown' }, event);
      downstream.channel.ack(event.message);
    },
  });
  browser = await Browser.open();
  const { page } = browser;
  await page.goto(system.bridge.url);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('rowheader', { name: /acme/ }).waitFor();
  return { system, browser };
}

it('without its database it says so over every page, shows what it last knew, and that nothing was done', async () => {
  const opened = await open();
  const { page } = opened.browser;
  opened.system.push(1, 2);
  await page.goto(`${opened.system.bridge.url}/events`);
  await until('two events', async () => (await page.locator('[data-pick]').count()) === 2);
  const retry = page.getByRole('button', { name: /^Retry ONCRMDEALUPDATE/ }).first();
  await retry.waitFor();

  const file = opened.system.bridge.databaseFile;
  renameSync(file, `${file}.away`);
  const banner = page.locator('#trouble .banner');
  await banner.getByText('The database cannot be used').waitFor();
  await banner.getByText('Nothing is lost and nothing new is reserved').waitFor();
  await banner.getByText(/since/).waitFor();
  // What was listed stays listed, and nothing is green beside the banner.
  expect(await page.locator('[data-pick]').count()).toBe(2);
  expect(await greens(page)).toEqual([]);
  await retry.click();
  await page.locator('.banner.bad[role=status]').getByText('Nothing was done').waitFor();
  expect(await opened.browser.accessibilityFaults()).toEqual([]);

  await page.goto(opened.system.bridge.url);
  await page.getByRole('rowheader', { name: /acme/ }).waitFor();
  await banner.getByText('Counts of events on this page are of').waitFor();
  expect(await greens(page)).toEqual([]);
  for (const [width, height, colorScheme] of [
    [390, 844, 'dark'],
    [1440, 900, 'light'],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await opened.browser.accessibilityFaults()).toEqual([]);
    await opened.browser.picture(`trouble-${width}`);
  }
  await page.getByRole('link', { name: 'What to do' }).click();
  await page.getByText('A full disk: make room.').waitFor();
  expect(await opened.browser.accessibilityFaults()).toEqual([]);

  await page.goto(`${opened.system.bridge.url}/events`);
  await page.getByText('This page needs the database.').waitFor();
  renameSync(`${file}.away`, file);
  await page.getByText('2 events').waitFor();
  await until('no banner', async () => (await banner.count()) === 0);
});

it('without RabbitMQ it says so while somebody watches, and takes it back by itself', async () => {
  const through = await startProxyTo(RABBITMQ_URL);
  ({ proxy } = through);
  const opened = await open({ RABBITMQ_URL: through.url });
  const { page } = opened.browser;
  const row = page.getByRole('rowheader', { name: /acme/ });
  await row.getByRole('link').hover();
  const place = await row.boundingBox();
  await proxy.refuse();
  proxy.cut();
  await page.locator('#trouble .banner').getByText('RabbitMQ cannot be used').waitFor();
  expect(await greens(page)).toEqual([]);
  // What is pointed at stays under the pointer as far as the page can be moved.
  expect(Math.abs(((await row.boundingBox())?.y ?? 0) - (place?.y ?? 0))).toBeLessThan(120);
  // Why is told in the reader's language.
  await page.locator('#trouble .banner').getByText('nothing listens there').waitFor();
  await page.getByRole('button', { name: 'Русский' }).click();
  await page.locator('#trouble .banner').getByText('там никто не отвечает').waitFor();
  await proxy.accept();
  await until('no banner', async () => (await page.locator('#trouble .banner').count()) === 0);
});

it('with a full disk it says why, and that a button did nothing, until there is room again', async () => {
  disk = new SmallDisk();
  const opened = await open({ DATABASE_URL: `file:${disk.databaseFile}` });
  const { page } = opened.browser;
  opened.system.push(1, 2);
  await page.goto(`${opened.system.bridge.url}/events`);
  const retry = page.getByRole('button', { name: /^Retry ONCRMDEALUPDATE/ }).first();
  await retry.waitFor();
  disk.fill();
  // The next events are those that the ledger has no room for.
  opened.system.push(3, 400);
  const banner = page.locator('#trouble .banner');
  await banner.getByText('The database cannot be used').waitFor();
  await banner.getByText('database or disk is full').waitFor();
  await banner.getByText('Nothing is lost and nothing new is reserved').waitFor();
  expect(await greens(page)).toEqual([]);
  await retry.click();
  await page.locator('.banner.bad[role=status]').getByText('Nothing was done').waitFor();
  disk.free();
  await until('no banner', async () => (await banner.count()) === 0);
  await until('all that was held back', () => opened.system.delivered().size === 400);
});

/** Elements that say "good" by their colour. */
async function greens(page: Browser['page']): Promise<string[]> {
  return page.evaluate(() => {
    const window = globalThis as unknown as {
      document: { querySelectorAll(selector: string): Iterable<{ textContent: string }> };
      getComputedStyle(node: unknown): { color: string };
    };
    // `--good`, light and dark.
    const good = ['rgb(29, 112, 68)', 'rgb(127, 208, 160)'];
    return [...window.document.querySelectorAll('main *, header *')]
      .filter((node) => good.includes(window.getComputedStyle(node).color))
      .map((node) => node.textContent);
  });
}
