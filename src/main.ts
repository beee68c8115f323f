import 'reflect-metadata';
import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { SettingsError } from './config/settings-error.js';
import { DatabaseInUse } from './database/sole-process.js';
import { printable } from './logging/printable.js';
import { reasonOf } from './logging/reason.js';
import { TokenVaultError } from './portals/token-vault.js';
import { Service } from './service/service.js';
import { CONNECT_ATTEMPT_MS } from './timing/connect-attempt.js';

/** A stop is promised within 10 s; whatever hangs then is found by the next start. */
const STOP_DEADLINE_MS = 9500;
/**
 * The heap may grow by half between two full collections, not to the four times that V8 allows a process that has a
 * machine to itself: this one stands beside others, and leaves much garbage when many portals start at once.
 */
const HEAP_GROWTH_PERCENT = 50;

function fail(message: string, code: number): never {
  process.stderr.write(`${printable(message)}\n`);
  process.exit(code);
}

function stopOnSignals(service: Service): void {
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    service.log.info({ event: 'process.signal', signal });
    setTimeout(() => {
      service.log.warn({ event: 'process.stop_deadline' });
      process.exit(0);
    }, STOP_DEADLINE_MS).unref();
    void service.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        service.log.error({ event: 'process.stop_failed', reason: reasonOf(error) });
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));
}

async function main(): Promise<void> {
  setDefaultAutoSelectFamilyAttemptTimeout(CONNECT_ATTEMPT_MS);
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
  try {
    const service = await Service.create({ env: process.env });
    stopOnSignals(service);
    await service.start();
  } catch (error) {
    if (error instanceof SettingsError || error instanceof TokenVaultError)
      fail(error.message, SettingsError.exitCode);
    if (error instanceof DatabaseInUse) fail(error.message, 1);
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      fail(`${error.message}\nAnother program listens there: set HTTP_PORT to a free port.`, 1);
    }
    fail((error instanceof Error ? error.stack : undefined) ?? reasonOf(error), 1);
  }
}

await main();
