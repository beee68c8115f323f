import 'reflect-metadata';
import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { OfflineBridge } from './bridge/offline-bridge.js';
import { Secrets } from './bridge/secrets.js';
import { type SecretsIn } from './logging/redact.js';
import { SettingsError } from './config/settings-error.js';
import { isDashboardOpen } from './config/dashboard-open.js';
import { MissingPages } from './dashboard/http/missing-pages.js';
import { DatabaseInUse } from './database/sole-process.js';
import { settingsOfProcess } from './config/process-settings.js';
import { Refusals } from './http/refusals.js';
import { HttpAdapter } from './http/http-adapter.js';
import { reachableFrom } from './http/reachable-from.js';
import { BridgeLogger } from './logging/log.js';
import { Metrics } from './monitoring/metrics.js';
import { TokenVaultError } from './portals/token-vault.js';
import { printable } from './logging/printable.js';
import { CONNECT_ATTEMPT_MS } from './timing/connect-attempt.js';
import { startTracing } from './tracing/start.js';

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

async function main(): Promise<void> {
  setDefaultAutoSelectFamilyAttemptTimeout(CONNECT_ATTEMPT_MS);
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
  const { settings, remarks } = settingsOfProcess();
  // The log comes first, and the tokens that it hides are known only later.
  let secrets: SecretsIn = () => [settings.B24_CLIENT_SECRET];
  const log = new BridgeLogger(settings, (text) => secrets(text));
  for (const remark of remarks) log.warn({ event: 'settings.doubtful', remark });
  const stopTracing = await startTracing(process.env, log);
  const refusals = new Refusals(log, (reason) => app.get(Metrics).httpRefused(reason));
  const adapter = new HttpAdapter(
    { total: settings.HTTP_MAX_CONNECTIONS, perAddress: settings.HTTP_MAX_CONNECTIONS_PER_ADDRESS },
    refusals,
  );
  const app = await NestFactory.create<NestExpressApplication>(
    await AppModule.with({ settings, log }),
    adapter,
    {
      logger: log,
      bodyParser: false,
      abortOnError: false,
    },
  );
  if (settings.HTTP_TRUSTED_PROXIES !== undefined) app.set('trust proxy', settings.HTTP_TRUSTED_PROXIES);
  app.disable('x-powered-by');
  if (isDashboardOpen(settings)) {
    const missing = app.get(MissingPages);
    adapter.missingPage = (request, response) => missing.answer(request, response);
  }
  app.get(Metrics).httpConnections(() => adapter.connections);
  const known = app.get(Secrets);
  secrets = (text) => known.foundIn(text);

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ event: 'process.signal', signal });
    setTimeout(() => {
      log.warn({ event: 'process.stop_deadline' });
      process.exit(0);
    }, STOP_DEADLINE_MS).unref();
    const closed = app.close().finally(stopTracing);
    void closed.then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ event: 'process.stop_failed', reason: String(error) });
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));

  await app.listen(settings.HTTP_PORT, settings.HTTP_HOST);
  const url = await app.getUrl();
  log.info({ event: 'http.listening', url, reachable: reachableFrom(settings.HTTP_HOST) });
  await app.get(OfflineBridge).started();
}

main().catch((error: unknown) => {
  if (error instanceof SettingsError || error instanceof TokenVaultError)
    fail(error.message, SettingsError.exitCode);
  if (error instanceof DatabaseInUse) fail(error.message, 1);
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    fail(`${error.message}\nAnother program listens there: set HTTP_PORT to a free port.`, 1);
  }
  fail(error instanceof Error ? (error.stack ?? error.message) : String(error), 1);
});
