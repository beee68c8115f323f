import { expect, it } from '@jest/globals';
import { DEAL, Reconciling, SILENT, SOMEBODY } from '../state/reconciling.js';
import { closing } from '../support/closing.js';
import { Browser } from './browser.js';
import { looksGood } from './looks.js';

const PASSWORD = 'correct horse battery';

const closedLater = closing();

it('changes without an event are shown with their likely cause, in pages, and lead to their events', async () => {
  const reconciling = await Reconciling.open(300, { settings: { DASHBOARD_PASSWORD: PASSWORD } });
  const { system, first } = reconciling;
  closedLater(system);
  const { objects } = system.portal;
  const browser = closedLater(await Browser.open());
  const { page } = browser;
  await page.goto(`${system.bridge.url}/portals/acme/missed`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByText('No change was missed.').waitFor();
  await looksGood(browser, 'missed-none');

  objects.add(DEAL, { title: 'imported' }, SILENT, SOMEBODY);
  objects.delete(DEAL, first + 20, SILENT, SOMEBODY);
  const own = { clientId: system.emulator.clientId, userId: 1, connector: '' };
  for (let id = first + 100; id < first + 160; id += 1) objects.update(DEAL, id, {}, SILENT, own);
  await reconciling.compare();
  await page.reload();
  const rows = page.getByRole('table', { name: 'What was missed' }).locator('tbody tr');
  await rows.first().waitFor();
  const shown = await rows.count();
  await rows.filter({ hasText: 'perhaps written by the application itself' }).first().waitFor();
  await looksGood(browser, 'missed');

  await page.getByRole('link', { name: 'Older ones' }).click();
  await page.getByRole('link', { name: 'The latest' }).waitFor();
  expect(shown + (await rows.count())).toBe(62);
  await page.getByRole('link', { name: 'The latest' }).click();
  await page.getByRole('link', { name: 'Older ones' }).waitFor();

  // By keyboard.
  await page.getByRole('button', { name: 'Compare everything now' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('Everything of acme is compared now').waitFor();
  const subject = await rows.first().getByRole('link').innerText();
  await rows.first().getByRole('link').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByText(subject).first().waitFor();
  await page.getByText('a change that no event announced').first().waitFor();
  expect(browser.complaints).toEqual([]);
});
