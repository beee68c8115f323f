import { expect, it } from '@jest/globals';
import { openDatabase } from '../../src/database/database.js';
import { TestSystem } from '../support/test-system.js';
import { closing } from '../support/closing.js';
import { Browser } from './browser.js';
import { looksGood } from './looks.js';

const PASSWORD = 'correct horse battery';
const REASON =
  'invalid_grant: the refresh token was refused by oauth.bitrix.info after the application was moved to another ' +
  'account; open the application on the portal as an administrator, or install it again';

const closedLater = closing();

/** 300 portals: one that works, some that are not authorized, and many that have left. */
async function open(): Promise<{ system: TestSystem; browser: Browser }> {
  const system = closedLater(await TestSystem.open({ settings: { DASHBOARD_PASSWORD: PASSWORD } }));
  await system.bridge.stop();
  const database = openDatabase(`file:${system.bridge.databaseFile}`);
  try {
    const [own] = await database.db.selectFrom('portals').selectAll().execute();
    if (own === undefined) throw new Error('no portal was installed');
    const others = Array.from({ length: 299 }, (_, index) => {
      const name = `client-${String(index).padStart(3, '0')}`;
      const lost = index < 60;
      return {
        ...own,
        member_id: `${name}-member`,
        name,
        domain: `${name}.bitrix24.test`,
        client_endpoint: `https://${name}.bitrix24.test/rest/`,
        state: lost ? ('unauthorized' as const) : ('uninstalled' as const),
        state_reason: lost ? REASON : null,
      };
    });
    for (const other of others) await database.db.insertInto('portals').values(other).execute();
  } finally {
    await database.db.destroy();
  }
  system.bridge.start();
  await system.bridge.logged('database.ready');
  const browser = closedLater(await Browser.open());
  const { page } = browser;
  await page.goto(system.bridge.url);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Portals' }).waitFor();
  return { system, browser };
}

it('300 portals: filtered, sorted and grouped, by the address, fifty a page, on a phone too', async () => {
  const { system, browser } = await open();
  const { page } = browser;
  const rows = page.locator('#portal-rows tr[data-key]');
  expect(await rows.count()).toBe(50);
  expect(await rows.first().innerText()).toContain('client-000');

  await page.locator('select[name=state]').selectOption('active');
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByRole('rowheader', { name: /acme/ }).waitFor();
  expect(await rows.count()).toBe(1);
  await page.reload();
  expect(await rows.count()).toBe(1);
  await page.goBack();
  expect(await rows.count()).toBe(50);

  await page.getByRole('columnheader', { name: 'Portal' }).getByRole('link').click();
  await page.locator('th[aria-sort=ascending]').waitFor();
  expect(await rows.first().innerText()).toContain('acme');
  await page.getByRole('link', { name: 'Next' }).click();
  await page.getByText('Page 2 of 6').waitFor();
  expect(new URL(page.url()).search).toBe('?sort=name&page=2');

  await page.goto(`${system.bridge.url}/?group=state&q=client`);
  await page.locator('#group-unauthorized').getByText('60').waitFor();
  await looksGood(browser, 'portals');
  expect(browser.complaints).toEqual([]);
});

it('a portal shows its request budget, and the last hour and day as far as this process has seen them', async () => {
  const { system, browser } = await open();
  const { page } = browser;
  system.push(1, 3);
  await page.goto(`${system.bridge.url}/portals/acme`);
  const budget = page.getByRole('region', { name: 'Request budget' });
  await budget.getByText(/of 48; 2 a second become free/).waitFor();
  await budget.getByText('Refused by the portal').waitFor();
  for (const reach of ['hour', 'day']) {
    await page.getByRole('link', { name: reach, exact: true }).click();
    await page.getByRole('img', { name: new RegExp(`acme, ${reach}: at most`) }).waitFor();
    await page.getByText('before this process began to look').waitFor();
    expect(new URL(page.url()).search).toBe(`?span=${reach}`);
  }
  await looksGood(browser, 'portal-day');
  await page.goto(system.bridge.url);
  await page.getByText('Rates, failures and lag of all portals').click();
  await page.getByRole('img', { name: /All portals, hour: at most/ }).waitFor();
  await page.getByRole('link', { name: 'day', exact: true }).click();
  await page.getByRole('img', { name: /All portals, day: at most/ }).waitFor();
  expect(new URL(page.url()).search).toBe('?span=day');
  await looksGood(browser, 'overview-day');
  expect(browser.complaints).toEqual([]);
});
