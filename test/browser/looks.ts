import { expect } from '@jest/globals';
import { type Browser } from './browser.js';

/** A desk's screen and a phone's. */
const SIZES = [
  ['wide', 1440, 900],
  ['narrow', 390, 844],
] as const;

/** The page that is shown is accessible and scrolls one way only, wide and narrow, light and dark. */
export async function looksGood(browser: Browser, view: string): Promise<void> {
  const { page } = browser;
  const before = page.viewportSize();
  for (const [size, width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await browser.accessibilityFaults()).toEqual([]);
      const shown = await page.evaluate('document.documentElement.scrollWidth');
      expect(`${view} ${size}: ${String(shown)}`).toBe(`${view} ${size}: ${width}`);
      await browser.picture(`${view}-${size}-${colorScheme}`);
    }
  }
  if (before !== null) await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: 'light' });
}
