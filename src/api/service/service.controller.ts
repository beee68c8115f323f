import { readFileSync } from 'node:fs';
import { All, Get, Header } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiProperty, ApiSchema } from '@nestjs/swagger';
import { HealthChecks } from '../../monitoring/health.controller.js';
import { Answers, ApiResource } from '../http/api.decorators.js';
import { Problem } from '../http/problem.js';
import { TextOrNull } from '../http/schemas.js';

/** In the package as in the repository, three folders up from here. */
const DOCUMENT = new URL('../../../docs/openapi.json', import.meta.url);

@ApiSchema({ name: 'Reachability' })
class ReachabilityView {
  @ApiProperty({ type: Boolean })
  up!: boolean;
  @TextOrNull('Why it cannot be reached.')
  reason!: string | null;
}

@ApiSchema({ name: 'Health' })
class HealthView {
  @ApiProperty({
    type: Boolean,
    description: 'Whether both can be reached; a portal in trouble does not count.',
  })
  ready!: boolean;
  @ApiProperty({ type: ReachabilityView })
  broker!: ReachabilityView;
  @ApiProperty({ type: ReachabilityView })
  database!: ReachabilityView;
}

/** The service itself. */
@ApiResource('', 'service')
export class ServiceController {
  private document: unknown = null;

  constructor(private readonly health: HealthChecks) {}

  @Get('health')
  @Answers('Whether the service can reach what it stands on', 'getHealth', HealthView, {
    description: 'Answers 200 either way; `ready` tells. For probes there is /health/ready, without a token.',
  })
  async ready(): Promise<HealthView> {
    const checks = this.health.checks();
    const [broker, database] = await Promise.all([checks.broker(), checks.database()]);
    const view = ({ up, reason }: ReachabilityView) => ({ up, reason });
    return { ready: broker.up && database.up, broker: view(broker), database: view(database) };
  }

  @Get('openapi.json')
  @ApiExcludeEndpoint()
  @Header('Content-Type', 'application/json; charset=utf-8')
  openapi(): unknown {
    return (this.document ??= JSON.parse(readFileSync(DOCUMENT, 'utf8')));
  }
}

/** What is no path of the API; to be named after all others. */
@ApiResource('', 'service')
export class UnknownPathController {
  @All(['', '*path'])
  @ApiExcludeEndpoint()
  unknown(): never {
    throw new Problem('not-found', 'no such path, or not by this method; see /api/v1/openapi.json');
  }
}
