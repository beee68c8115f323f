import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { OfflineBridgeModule } from './bridge/offline-bridge.module.js';
import { isDashboardOpen } from './config/dashboard-open.js';
import { type Settings } from './config/settings.js';
import { DashboardModule } from './dashboard/dashboard.module.js';
import { MissingPagesFilter } from './dashboard/http/missing-pages.js';
import { type Log } from './logging/log.js';

/** The standalone service: the bridge, and the dashboard and the API where a setting opens them. */
@Module({})
export class AppModule {
  static async with(options: { readonly settings: Settings; readonly log: Log }): Promise<DynamicModule> {
    const bridge = OfflineBridgeModule.forRoot(options);
    const dashboard = isDashboardOpen(options.settings) ? [DashboardModule.of(bridge)] : [];
    // Loaded where it is wanted: what it is described by takes 18 MB.
    const api =
      options.settings.API_TOKEN === undefined
        ? []
        : [(await import('./api/api.module.js')).ApiModule.of(bridge)];
    const filters = dashboard.length === 0 ? [] : [{ provide: APP_FILTER, useClass: MissingPagesFilter }];
    return { module: AppModule, imports: [bridge, ...api, ...dashboard], providers: filters };
  }
}
