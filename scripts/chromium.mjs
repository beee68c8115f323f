import { aptInstall, canAptInstall } from './installers.mjs';
import { findProgram } from './temporary-server.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * Path of a Chromium: the one of `CHROMIUM_PATH`, one on the PATH, or Debian's, installed where that is possible.
 * @throws {Error} that says what to do
 */
export async function provideChromium({ log }) {
  const given = process.env.CHROMIUM_PATH;
  if (given) return given;
  const found = NAMES.map((name) => findProgram(name)).find((path) => path !== undefined);
  if (found !== undefined) return found;
  if (canAptInstall()) {
    await aptInstall(['chromium', 'fonts-liberation'], log);
    const installed = findProgram('chromium');
    if (installed !== undefined) return installed;
  }
  throw new Error(
    'no Chromium found: install one (Debian: apt-get install chromium), or name it in CHROMIUM_PATH',
  );
}
