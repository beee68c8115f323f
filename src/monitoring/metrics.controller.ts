import { setImmediate as nextLook } from 'node:timers/promises';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { Metrics } from './metrics.js';
import { SharedAnswer } from './shared-answer.js';

/** With many portals the text takes long to write: other work is done in between. */
const AT_ONCE_MS = 10;

/** `GET /metrics`, for Prometheus. Requests while it is written, or soon after, share one text. */
@Controller('metrics')
export class MetricsController {
  private readonly text: SharedAnswer<string>;

  constructor(@Inject(Metrics) private readonly metrics: Metrics) {
    this.text = new SharedAnswer(() => this.write(), 'work');
  }

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  read(): Promise<string> {
    return this.text.read();
  }

  private async write(): Promise<string> {
    const { registry } = this.metrics;
    const parts: string[] = [];
    let since = performance.now();
    for (const { name } of registry.getMetricsAsArray()) {
      parts.push(await registry.getSingleMetricAsString(name));
      if (performance.now() - since < AT_ONCE_MS) continue;
      await nextLook();
      since = performance.now();
    }
    return `${parts.join('\n\n')}\n`;
  }
}
