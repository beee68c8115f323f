import { Controller, Get, Inject } from '@nestjs/common';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  HealthIndicatorService,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { SharedAnswer } from './shared-answer.js';

/** Whether one of the services that the bridge stands on can be reached; `reason` says why not. */
export interface Reachability {
  readonly up: boolean;
  readonly reason: string | null;
  /** Since when it cannot be reached, as far as this process knows, Unix ms; null while it can, or where that is not known. */
  readonly since: number | null;
}

/** Names of what readiness depends on, and how to ask for it. */
export abstract class HealthChecks {
  abstract checks(): Readonly<Record<'broker' | 'database', () => Promise<Reachability>>>;
}

/**
 * `GET /health/live`: the process answers. `GET /health/ready`: the broker and the database can be reached; a
 * portal in trouble does not count. Requests during a check, or soon after it, share its answer.
 */
@Controller('health')
export class HealthController {
  private readonly readiness = new SharedAnswer(() => this.checkDependencies(), 'waiting');

  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Inject(HealthChecks) private readonly healthChecks: HealthChecks,
  ) {}

  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  // The page of the API does not tell of it; documenting it would load all of @nestjs/swagger at each start.
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  ready(): Promise<HealthCheckResult> {
    return this.readiness.read();
  }

  private checkDependencies(): Promise<HealthCheckResult> {
    return this.health.check(
      Object.entries(this.healthChecks.checks()).map(
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
