import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../../scripts/free-ports.mjs';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { Browser } from './browser.js';

/** Where pictures of every view go; unset: they are looked at by machines only. */
const SCREENSHOTS = process.env['SCREENSHOTS'];
const PASSWORD = 'correct horse battery';
const REASON = 'Traceback (most recent call last): ' + 'module.submodule.function_of_a_long_name/'.repeat(20);
/** Words of Latin letters that a Russian page has: names of things, and what operators look for in logs. */
const KNOWN_LATIN =
  /^(acme|globex|initech|bitrix24|rabbitmq|reject|publish|shovel|header|json|csv|english|onretry|oncrm\w+|crm|deal|update|id|utc|api|x|bridge|error|reason|event|offline|dashboard|password|events|replies|dead|rejected|unrouted|amqp|localhost|http|https|com|history|days|postgresql|sqlite|vhost)$/i;

/** Runs in the page: every text in it but names, codes, reasons and the other language's button. */
const TEXTS_SHOWN = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.parentElement.closest('code, pre, bdi, script, button[lang]') === null) found.push(node.textContent);
  }
  for (const element of document.querySelectorAll('[aria-label], [placeholder]')) {
    found.push(element.getAttribute('aria-label') ?? element.getAttribute('placeholder'));
  }
  return found;
})()`;

let system: TestSystem;
let browser: Browser;

beforeAll(async () => {
  system = await TestSystem.open({
    settings: {
      DASHBOARD_PASSWORD: PASSWORD,
      RETRY_MAX_ATTEMPTS: '1',
      // The same after the restart.
      HTTP_PORT: String(await freePort()),
    },
    onEvent: (event, downstream) => {
      if (Number(event.objectId) >= 900) downstream.reply({ status: 'failed', reason: REASON }, event);
      downstream.channel.ack(event.message);
    },
  });
  browser = await Browser.open({ locale: 'ru-RU', timezoneId: 'Asia/Yekaterinburg' });
});

afterAll(async () => {
  await browser?.close();
  await system?.close();
});

describe('a Russian administrator', () => {
  it('reads every page in Russian, which fits wide and narrow, light and dark', async () => {
    const { page } = browser;
    await page.goto(system.bridge.url);
    await look('log-in');
    await page.getByLabel('Пароль').fill('не тот пароль');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('Пароль неверный').waitFor();
    await page.getByLabel('Пароль').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('rowheader', { name: /acme/ }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('ru');
    system.push(901, 902);
    await page.goto(`${system.bridge.url}/events?state=dead`);
    await until('two dead', async () => (await page.locator('[data-pick]').count()) === 2);
    await page.getByTitle('dead', { exact: true }).first().waitFor();
    await look('events');
    await page.getByRole('link', { name: 'ONCRMDEALUPDATE' }).first().click();
    await page.getByRole('heading', { name: 'Хронология' }).waitFor();
    await look('event');
    await page.getByRole('button', { name: /^Отбросить/ }).click();
    await page.getByRole('heading', { name: 'Отбросить 1 событие?' }).waitFor();
    await look('confirm');
    for (const [view, path] of [
      ['portal', '/portals/acme'],
      ['pause', '/portals/acme/pause'],
      ['queues', '/queues'],
      ['found', '/events/all'],
      ['not-found', '/events/all?q=777&from=2020-01-01&to=2020-01-02'],
      ['groups', '/events?state=dead&group=reason'],
      ['help-broker', '/help/broker'],
      ['help-database', '/help/database'],
      ['audit', '/audit'],
      ['overview', '/'],
      ['missing', '/nowhere'],
      ['missing-event', '/events/1234567'],
    ] as const) {
      await page.goto(`${system.bridge.url}${path}`);
      await page.locator('main').waitFor();
      await look(view);
    }
    await page.goto(`${system.bridge.url}/queues`);
    await page.locator('form[action="/queues/dead/look"] button').click();
    await page.getByRole('heading', { name: 'Недоставленные события' }).waitFor();
    await look('republish');
    expect(browser.complaints.filter((text) => !text.includes('404'))).toEqual([]);
  });

  it('sees the own clock beside UTC', async () => {
    const { page } = browser;
    await openEvent();
    const time = page.locator('.timeline time').first();
    await expect(time.textContent()).resolves.toMatch(
      /^\d\d\.\d\d\.\d{4}, \d\d:\d\d:\d\d UTC · (\d+ [а-я]+\.?, )?\d\d:\d\d:\d\d UTC\+5$/,
    );
    await expect(page.locator('.lead time').first().getAttribute('title')).resolves.toMatch(
      /UTC · .*UTC\+5$/,
    );
  });

  it('copies an id and a reason by keyboard, and hears that it is done', async () => {
    const { page } = browser;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await openEvent();
    const clipboard = () => page.evaluate<string>('navigator.clipboard.readText()');
    const button = page.getByRole('button', { name: 'Скопировать: Id события' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.locator('#announcer', { hasText: 'Скопировано' }).waitFor();
    expect(await clipboard()).toMatch(/^\w+-\d+-\d+$/);
    await page.getByRole('button', { name: 'Скопировать: Причина' }).click();
    await until('the reason', async () => (await clipboard()) === REASON.trim());
    await page.getByRole('button', { name: 'Скопировать: Тело' }).click();
    await until('the body', async () => (await clipboard()).startsWith('{'));
  });

  it('is led to the deal on its portal', async () => {
    const { page } = browser;
    await openEvent();
    const link = page.locator('h1 a');
    expect(await link.getAttribute('href')).toMatch(/\/crm\/deal\/details\/90\d\/$/);
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
  });

  it('takes what was found along as a file', async () => {
    const { page } = browser;
    await page.goto(`${system.bridge.url}/events?state=dead`);
    for (const name of ['CSV', 'JSON']) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name, exact: true }).click(),
      ]);
      const text = readFileSync(await download.path(), 'utf8');
      expect(text).toContain(name === 'CSV' ? ',dead,' : '"state":"dead"');
      expect(text).toContain('function_of_a_long_name');
    }
  });

  it('changes to English, and stays there', async () => {
    const { page } = browser;
    await page.goto(`${system.bridge.url}/queues`);
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Queues and health' }).waitFor();
    await page.goto(`${system.bridge.url}/nowhere`);
    await page.getByRole('heading', { name: 'Not here' }).waitFor();
    await page.goto(system.bridge.url);
    await page.getByRole('button', { name: 'Русский' }).click();
    await page.getByRole('heading', { name: 'Порталы' }).waitFor();
  });

  it('reads that the service restarts, not that something is wrong, and goes on after it', async () => {
    const { page } = browser;
    const stream = page.waitForResponse((response) => response.url().endsWith('/live'));
    await page.goto(system.bridge.url);
    await stream;
    const stopped = system.bridge.stop();
    const banner = page.locator('#connection');
    await banner.getByText('Сервис перезапускается').waitFor();
    await stopped;
    system.bridge.start();
    await until('the banner to go', () => banner.isHidden(), 60_000);
    await page.getByRole('rowheader', { name: /acme/ }).waitFor();
  });
});

async function openEvent(): Promise<void> {
  await browser.page.goto(`${system.bridge.url}/events?state=dead`);
  await browser.page.getByRole('link', { name: 'ONCRMDEALUPDATE' }).first().click();
  await browser.page.getByRole('heading', { name: 'Хронология' }).waitFor();
}

async function look(view: string): Promise<void> {
  const { page } = browser;
  expect(`${view}: ${(await latinWords()).join(', ')}`).toBe(`${view}: `);
  for (const [size, width, height] of [
    ['wide', 1440, 900],
    ['narrow', 390, 844],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await browser.accessibilityFaults()).toEqual([]);
      expect([view, size, ...(await browser.tooWide())]).toEqual([view, size]);
      if (SCREENSHOTS === undefined) continue;
      mkdirSync(SCREENSHOTS, { recursive: true });
      await page.screenshot({
        path: join(SCREENSHOTS, `${view}-${size}-${colorScheme}-ru.png`),
        fullPage: true,
      });
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: 'light' });
}

/** What was left in English: words that are no name, code, reason or figure. */
async function latinWords(): Promise<string[]> {
  const texts = await browser.page.evaluate<string[]>(TEXTS_SHOWN);
  const words = texts.join(' ').match(/[A-Za-z][A-Za-z0-9]{2,}/g) ?? [];
  return [...new Set(words.filter((word) => !KNOWN_LATIN.test(word)))];
}
