import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type BridgeProcess } from '../support/bridge-process.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Browser } from './browser.js';

const PASSWORD = 'correct horse battery';
const REASON = 'Traceback (most recent call last): ' + 'module.function_of_a_long_name/'.repeat(20);
/** What is done every half minute is done soon after it. */
const PURGE_MS = 31_000;

let system: TestSystem<BridgeProcess>;
let browser: Browser;

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
  browser = await Browser.open({ timezoneId: 'Asia/Yekaterinburg' });
});

afterAll(async () => {
  await browser?.close();
  await system?.close();
});

it('somebody asks what became of deal 123, and is told, in both languages', async () => {
  const { page } = browser;
  system.push(120, 125);
  system.push(901, 902);
  await page.goto(`${system.bridge.url}/events`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'All, and what became of them' }).click();
  await page.getByRole('heading', { name: 'All events' }).waitFor();
  // The page does not move by itself: one looks again.
  await until('all that was settled', async () => {
    await page.getByRole('button', { name: 'Find' }).click();
    await page.waitForLoadState();
    const text = (await page.locator('tbody').allTextContents()).join(' ');
    return (text.match(/processed/g) ?? []).length === 6 && (text.match(/dead/g) ?? []).length === 2;
  });
  await look('found');

  await page.getByLabel('What', { exact: true }).fill('deal 123');
  await page.keyboard.press('Enter');
  await until('the one', async () => (await page.locator('tbody tr').count()) === 1);
  expect(new URL(page.url()).searchParams.get('q')).toBe('deal 123');
  await until('the history', async () => {
    await system.bridge.setClockForward(PURGE_MS);
    await page.goto(`${system.bridge.url}/events/all?q=deal+123`);
    await page.getByRole('link', { name: 'ONCRMDEALUPDATE' }).click();
    await page.getByRole('heading', { name: 'Time line' }).waitFor();
    return (await page.getByText('It is over.').count()) === 1;
  });
  await page.getByText('Delivered: settled as processed').waitFor();
  await page
    .locator('.timeline time', { hasText: / UTC · .*UTC\+5$/ })
    .first()
    .waitFor();
  expect(await page.locator('h1 a').getAttribute('href')).toMatch(/\/crm\/deal\/details\/123\/$/);
  await look('past-event');

  await page.goto(`${system.bridge.url}/events/all?q=deal+901`);
  await page.getByRole('link', { name: 'ONCRMDEALUPDATE' }).click();
  await page.getByText('Attempt 1 failed').waitFor();
  await look('event-line');

  await page.getByRole('button', { name: 'Русский' }).click();
  await page.getByText('Попытка 1 не удалась').waitFor();
  await look('event-line-ru');
  await page.goto(`${system.bridge.url}/events/all?q=${encodeURIComponent('сделка 123')}&state=processed`);
  await page.getByRole('heading', { name: 'Все события' }).waitFor();
  expect(await page.locator('tbody tr').count()).toBe(1);
  await look('found-ru');
  await page.getByRole('link', { name: 'ONCRMDEALUPDATE' }).click();
  await page.getByText('Доставлено и обработано').waitFor();
  await look('past-event-ru');
  await page.goto(`${system.bridge.url}/events/all?from=2020-01-01&to=2021-01-01`);
  await page.getByText('Ничего похожего не известно.').waitFor();
  await look('none-ru');
  expect(browser.complaints).toEqual([]);
});

async function look(view: string): Promise<void> {
  const { page } = browser;
  for (const [size, width, height] of [
    ['wide', 1440, 900],
    ['middle', 1000, 800],
    ['narrow', 390, 844],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await browser.accessibilityFaults()).toEqual([]);
      expect([view, size, ...(await browser.tooWide())]).toEqual([view, size]);
      await browser.picture(`${view}-${size}-${colorScheme}`);
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: 'light' });
}
