import { type DynamicModule, Module } from '@nestjs/common';
import { type OfflineBridgeOptions } from './module-options.js';
import { OfflineBridgeModule } from './offline-bridge.module.js';

/** The standalone service: the bridge and nothing else. */
@Module({})
export class AppModule {
  static with(options: OfflineBridgeOptions): DynamicModule {
    return { module: AppModule, imports: [OfflineBridgeModule.forRoot(options)] };
  }
}
