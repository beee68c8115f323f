import { type DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { ThrottlerStorageService } from '@nestjs/throttler';
import { Access, type AccessSettings } from './access.js';
import { AssetsController } from './assets.controller.js';
import { Assets } from './assets.js';
import { DashboardLog } from './dashboard-log.js';
import { EventActions } from './event-actions.js';
import { EventsController } from './events.controller.js';
import { Frames } from './frames.js';
import { LiveController } from './live.controller.js';
import { LogInController } from './log-in.controller.js';
import { formBody, pageHeaders } from './middleware.js';
import { ObservedService } from './observed-service.js';
import { PagesController } from './pages.controller.js';
import { Pulse } from './pulse.js';

const CONTROLLERS = [PagesController, EventsController, LiveController, LogInController, AssetsController];

/** What the dashboard stands on. `observed` makes the service out of what `imports` export. */
export interface DashboardOptions {
  readonly settings: AccessSettings;
  readonly log: DashboardLog;
  readonly imports: NonNullable<DynamicModule['imports']>;
  readonly observed: {
    readonly inject: (abstract new (...given: never[]) => unknown)[];
    readonly useFactory: (...given: never[]) => ObservedService;
  };
}

/** The dashboard at `/`. Its bodies are forms of its own: create the application with `bodyParser: false`. */
@Module({})
export class DashboardModule implements NestModule {
  static for({ settings, log, imports, observed }: DashboardOptions): DynamicModule {
    return {
      module: DashboardModule,
      imports,
      controllers: CONTROLLERS,
      providers: [
        { provide: Access, useValue: new Access(settings) },
        { provide: DashboardLog, useValue: log },
        { provide: Assets, useValue: new Assets() },
        { provide: ObservedService, ...observed },
        ThrottlerStorageService,
        Pulse,
        EventActions,
        Frames,
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(pageHeaders, formBody).forRoutes(...CONTROLLERS);
  }
}
