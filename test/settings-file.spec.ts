import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BridgeProcess } from './support/bridge-process.js';

/** Ends with 78 and tells what it has read, since a setting is always wrong. */
const REQUIRED = 'B24_CLIENT_ID=local.1\nB24_CLIENT_SECRET=sesame\n';

describe('settings in .env', () => {
  let bridge: BridgeProcess;
  let file: string;

  beforeEach(() => {
    bridge = new BridgeProcess({});
    file = join(dirname(bridge.databaseFile), '.env');
  });
  afterEach(() => bridge.remove());

  const faults = async (): Promise<string> => {
    bridge.start();
    expect(await bridge.exited()).toBe(78);
    return bridge.output;
  };

  it('count as if they were in the environment, line ends of Windows and all', async () => {
    writeFileSync(
      file,
      `${REQUIRED}DRAIN_LIMIT=none\nSETTLE_MODE=sometimes # one day\n`.replaceAll('\n', '\r\n'),
    );
    const output = await faults();
    expect(output).toContain('(got "none")');
    expect(output).toContain('(got "sometimes")');
    expect(output).not.toContain('B24_CLIENT');
  });

  it('give way to the environment, unless it is empty there', async () => {
    writeFileSync(file, `${REQUIRED}DRAIN_LIMIT=of-the-file\nFAILURE_BATCH_SIZE=of-the-file\n`);
    Object.assign(bridge.settings, { DRAIN_LIMIT: 'of-the-environment', FAILURE_BATCH_SIZE: '' });
    const output = await faults();
    expect(output).toContain('DRAIN_LIMIT must be a whole number from 1 to 10000 (got "of-the-environment")');
    expect(output).toContain('FAILURE_BATCH_SIZE must be a whole number from 1 to 10000 (got "of-the-file")');
  });

  it('that cannot be read are a wrong setting', async () => {
    mkdirSync(file);
    expect(await faults()).toMatch(/Settings are not usable:\n {2}- \.env in .* cannot be read/);
    rmSync(file, { recursive: true });
  });
});
