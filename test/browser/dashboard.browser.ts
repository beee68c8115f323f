import { expect, it } from '@jest/globals';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { closing } from '../support/closing.js';
import { Browser } from './browser.js';

const PASSWORD = 'correct horse battery';
const REASON = 'customer 42 is unknown <script>alert(1)</script>';

const closedLater = closing();

it('somebody logs in, watches an event fail, retries it and sees it delivered', async () => {
  let customerIsKnown = false;
  const opened = closedLater(
    await TestSystem.open({
      settings: { DASHBOARD_PASSWORD: PASSWORD },
      onEvent: (event, downstream) => {
        if (event.objectId === '42' && !customerIsKnown) {
          downstream.reply({ status: 'failed', reason: REASON }, event);
        }
        downstream.channel.ack(event.message);
      },
    }),
  );
  const browser = closedLater(await Browser.open());
  const { page } = browser;

  await page.goto(opened.bridge.url);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('alert').getByText('That is not the password').waitFor();
  expect(await browser.accessibilityFaults()).toEqual([]);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('rowheader', { name: /acme/ }).waitFor();
  expect(await browser.accessibilityFaults()).toEqual([]);

  await page.getByRole('link', { name: 'Events', exact: true }).click();
  await page.getByText('Nothing went wrong.').waitFor();
  await page.evaluate(() => ((globalThis as unknown as { unbroken: boolean }).unbroken = true));
  opened.push(41, 43);
  // It appears while somebody watches, on the page that was loaded before.
  await page.getByText(REASON).waitFor();
  expect(await page.evaluate(() => (globalThis as unknown as { unbroken?: boolean }).unbroken)).toBe(true);
  expect(await browser.accessibilityFaults()).toEqual([]);

  customerIsKnown = true;
  await page.getByRole('button', { name: /^Retry ONCRMDEALUPDATE/ }).waitFor();
  // By keyboard, on the page that goes on being drawn.
  const focused = async () => String(await page.evaluate('document.activeElement.textContent'));
  for (let presses = 0; !/^\s*Retry\s+ONCRMDEALUPDATE/.test(await focused()); presses += 1) {
    expect(presses).toBeLessThan(60);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('1 of 1 event due now').waitFor();
  await until('the second delivery', () =>
    opened.downstream.received.some(({ objectId, attempt }) => objectId === '42' && attempt === 2),
  );
  await page.getByText('Nothing went wrong.').waitFor();
  expect(browser.complaints).toEqual([]);
});
