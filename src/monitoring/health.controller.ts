import { Controller, Get, Inject } from '@nestjs/common';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  HealthIndicatorService,
  type HealthIndicatorResult,
} from '@nestjs/terminus';

/** Whether one of the services that the bridge stands on can be reached; `reason` says why not. */
export interface Reachability {
  readonly up: boolean;
  readonly reason: string | null;
}

/** Names of what readiness depends on, and how to ask for it. */
export abstract class Foundations {
  abstract checks(): Readonly<Record<string, () => Promise<Reachability>>>;
}

/**
 * `GET /health/live`: the process answers. `GET /health/ready`: the broker and the database can be reached; a
 * portal in trouble does not count.
 */
@Controller('health')
export class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Inject(Foundations) private readonly foundations: Foundations,
  ) {}

  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check(
      Object.entries(this.foundations.checks()).map(
        ([name, check]) =>
          () =>
            this.indicate(name, check),
      ),
    );
  }

  private async indicate(name: string, check: () => Promise<Reachability>): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(name);
    const { up, reason } = await check();
    return up ? indicator.up() : indicator.down({ reason });
  }
}
