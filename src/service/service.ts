import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from '../app.module.js';
import { OfflineBridge } from '../bridge/offline-bridge.js';
import { Secrets } from '../bridge/secrets.js';
import { isDashboardOpen } from '../config/dashboard-open.js';
import { settingsOfProcess } from '../config/process-settings.js';
import { MissingPages } from '../dashboard/http/missing-pages.js';
import { HttpAdapter } from '../http/http-adapter.js';
import { reachableFrom } from '../http/reachable-from.js';
import { Refusals } from '../http/refusals.js';
import { BridgeLogger, type Log, type LogOutput } from '../logging/log.js';
import { type SecretsIn } from '../logging/redact.js';
import { Metrics } from '../monitoring/metrics.js';
import { startTracing } from '../tracing/start.js';

/** Where a service has its settings from, and where its log goes. */
interface ServiceOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Where a `.env` may be; the working directory unless it is given. */
  readonly folder?: string;
  /** Standard output and standard error unless it is given. */
  readonly output?: LogOutput;
}

/** The standalone service, which is made before it starts. */
export class Service {
  private constructor(
    readonly log: Log,
    private readonly app: NestExpressApplication,
    private readonly settings: { readonly HTTP_PORT: number; readonly HTTP_HOST: string },
    private readonly stopTracing: () => Promise<void>,
  ) {}

  /** @throws {SettingsError} */
  static async create({ env, folder, output }: ServiceOptions): Promise<Service> {
    const { settings, remarks } = settingsOfProcess(env, folder);
    // The log comes first, and the tokens that it hides are known only later.
    let secrets: SecretsIn = () => [settings.B24_CLIENT_SECRET];
    const log = new BridgeLogger(settings, (text) => secrets(text), output);
    for (const remark of remarks) log.warn({ event: 'settings.doubtful', remark });
    const stopTracing = await startTracing(env, log);
    const refusals = new Refusals(log, (reason) => app.get(Metrics).httpRefused(reason));
    const adapter = new HttpAdapter(
      { total: settings.HTTP_MAX_CONNECTIONS, perAddress: settings.HTTP_MAX_CONNECTIONS_PER_ADDRESS },
      refusals,
    );
    const app = await NestFactory.create<NestExpressApplication>(
      await AppModule.with({ settings, log }),
      adapter,
      { logger: log, bodyParser: false, abortOnError: false },
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
    return new Service(log, app, settings, stopTracing);
  }

  /**
   * Resolves when it drains; its HTTP server answers before that.
   * @throws {TokenVaultError}
   * @throws {DatabaseInUse}
   * @throws with `code: "EADDRINUSE"` where another program has its port
   */
  async start(): Promise<void> {
    const { HTTP_PORT, HTTP_HOST } = this.settings;
    await this.app.listen(HTTP_PORT, HTTP_HOST);
    const url = await this.app.getUrl();
    this.log.info({ event: 'http.listening', url, reachable: reachableFrom(HTTP_HOST) });
    await this.app.get(OfflineBridge).started();
  }

  /** Also while it starts. Resolves when everything that was under way has ended. */
  async stop(): Promise<void> {
    await this.app.close().finally(this.stopTracing);
  }
}
