import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { canAptInstall } from './installers.mjs';
import { root } from './prepare.mjs';
import { runToEnd } from './run-to-end.mjs';
import { findProgram } from './temporary-server.mjs';

const CACHE = join(root, 'node_modules/.cache/promtool');
const IN_PACKAGE = 'usr/bin/promtool';
const PROGRAM = join(CACHE, IN_PACKAGE);
/** Debian's packages that have it and Prometheus itself: two since Debian 13, before that the latter alone. */
const PACKAGES = ['promtool', 'prometheus'];
/** Alert rules are worth a download, not a wait. */
const WITHIN_MS = 120_000;

/**
 * The path of promtool, Prometheus' checker of rules: the one on the PATH, or, as root on Debian, the one out of
 * Debian's packages, which are fetched and unpacked into node_modules, Prometheus beside it, and not installed. Undefined,
 * with a line in the log, where there is no way.
 */
export async function providePromtool({ log = () => {} } = {}) {
  const installed = findProgram('promtool');
  if (installed !== undefined) return installed;
  if (existsSync(PROGRAM)) return PROGRAM;
  if (!canAptInstall()) {
    log('no promtool: it is not installed, and only root on Debian can fetch it');
    return undefined;
  }
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, 'node_modules/.cache/promtool-'));
  const signal = AbortSignal.timeout(WITHIN_MS);
  try {
    log("fetching promtool from Debian's packages …");
    await download(folder, signal);
    const files = readdirSync(folder).filter((name) => name.endsWith('.deb'));
    const unpacked = join(folder, 'unpacked');
    for (const file of files) await runToEnd('dpkg', ['-x', join(folder, file), unpacked], { signal });
    if (!existsSync(join(unpacked, IN_PACKAGE))) throw new Error(`there is none in ${files.join(', ')}`);
    // Another process may have been quicker.
    if (!existsSync(PROGRAM)) {
      rmSync(CACHE, { recursive: true, force: true });
      renameSync(unpacked, CACHE);
    }
    return PROGRAM;
  } catch (error) {
    log(`no promtool: ${error.message}`);
    return existsSync(PROGRAM) ? PROGRAM : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With the package lists that are there, or else with new ones. */
async function download(folder, signal) {
  try {
    await downloadWhatThereIs(folder, signal);
  } catch {
    await updateLists(signal);
    await downloadWhatThereIs(folder, signal);
  }
}

/** Those of the packages that there are, one at least. */
async function downloadWhatThereIs(folder, signal) {
  const tried = [];
  for (const name of PACKAGES) {
    tried.push(
      await runToEnd('apt-get', ['download', '-qq', name], { signal, cwd: folder }).then(
        () => null,
        (error) => error,
      ),
    );
  }
  if (!tried.includes(null)) throw tried.at(-1);
}

async function updateLists(signal) {
  for (;;) {
    try {
      return await runToEnd('apt-get', ['update', '-qq'], { signal });
    } catch (error) {
      // Another process may be at them just now.
      if (signal.aborted || !/lock/i.test(error.message)) throw error;
      await pause(3000, undefined, { signal });
    }
  }
}
