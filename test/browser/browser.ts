import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A headless Chromium with a profile of its own. */
export class Browser {
  /** What pages complained of: errors of scripts, and whatever the content security policy refused. */
  readonly complaints: string[] = [];

  private constructor(
    private readonly context: BrowserContext,
    readonly page: Page,
    private readonly folder: string,
  ) {}

  /** @param settings what the user's browser and machine say of themselves */
  static async open(settings: { locale?: string; timezoneId?: string } = {}): Promise<Browser> {
    const folder = mkdtempSync(join(tmpdir(), 'browser-'));
    const context = await chromium.launchPersistentContext(folder, {
      executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
      headless: true,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
      viewport: { width: 1280, height: 800 },
      ...settings,
    });
    const page = context.pages()[0] ?? (await context.newPage());
    const browser = new Browser(context, page, folder);
    page.on('pageerror', (error) => browser.complaints.push(String(error)));
    page.on('console', (message) => {
      const text = message.text();
      // A refused password is answered with 403, a page without its database with 503: the browser writes both down.
      if (message.type() === 'error' && !/status of (403|503)/.test(text)) browser.complaints.push(text);
    });
    return browser;
  }

  /** What axe finds wrong with the page that is shown: one line each, none where it is accessible. */
  async accessibilityFaults(): Promise<string[]> {
    // The page's own policy allows no foreign script, so it comes by the debugger's way.
    await this.page.evaluate(AXE);
    return this.page.evaluate(async () => {
      const axe = (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe;
      const { violations } = await axe.run();
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary ?? ''}`),
      );
    });
  }

  /** What makes the page wider than its window: one line each, none where it scrolls one way only. */
  async tooWide(): Promise<string[]> {
    return this.page.evaluate<string[]>(`(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      if (scrollWidth <= clientWidth) return [];
      const wide = [...document.querySelectorAll('main *, header *')]
        .filter((element) => element.getBoundingClientRect().right > clientWidth)
        .map(({ outerHTML }) => outerHTML.slice(0, 200));
      return [scrollWidth + ' of ' + clientWidth, ...wide];
    })()`);
  }

  /** Writes a picture where `SCREENSHOTS` names a folder: for people who look. */
  async picture(name: string): Promise<void> {
    const folder = process.env['SCREENSHOTS'];
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: join(folder, `${name}.png`) });
  }

  async close(): Promise<void> {
    await this.context.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface AxeResults {
  violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
}
