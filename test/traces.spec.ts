import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OtlpReceiver } from './support/otlp-receiver.js';
import { startDist } from './support/programs.js';
import { type BridgeProcess } from './support/bridge-process.js';
import { TestSystem } from './support/test-system.js';
import { until } from './support/until.js';

/** A trace and a span of the consumer's own. */
const OWN_TRACE = '0af7651916cd43dd8448eb211c80319c';
const OWN_SPAN = 'b7ad6b7169203331';
/** At its end, the service tells which SDK modules it has loaded. */
const PROBE = `process.on('exit', () => {
  const loaded = Object.keys(require.cache).filter((file) => /@opentelemetry.(sdk|exporter|otlp)/.test(file));
  process.stderr.write('sdk modules loaded: ' + loaded.length + '.\\n');
});`;

jest.setTimeout(120_000);

describe('traces', () => {
  let folder: string;
  let collector: OtlpReceiver;
  let system: TestSystem<BridgeProcess> | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'traces-'));
    writeFileSync(join(folder, 'probe.cjs'), PROBE);
    collector = await OtlpReceiver.start();
  });

  afterEach(async () => {
    await system?.close();
    system = undefined;
    collector.close();
    rmSync(folder, { recursive: true, force: true });
  });

  let startBundles: () => void = () => undefined;
  afterEach(() => {
    startBundles();
    startBundles = () => undefined;
  });

  /** Counts the modules that the service loads, which it does of `dist` only. */
  const probe = () => {
    startBundles = startDist();
    return { NODE_OPTIONS: `--require ${join(folder, 'probe.cjs')}` };
  };
  const traceparents = () =>
    system!.downstream.received.map(({ message }) => message.properties.headers?.['traceparent'] as unknown);

  it('follow an event from its change to the mark, through the consumer, over a kill of the service', async () => {
    system = await TestSystem.open({
      process: true,
      settings: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_BSP_SCHEDULE_DELAY: '50',
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '1',
        SETTLE_AFTER_MS: '60000',
      },
    });
    system.push(1, 2);
    const { received } = system.downstream;
    await until('two events', () => received.length >= 2);
    await until(
      'their spans',
      () => collector.spans.filter(({ name }) => name === 'bridge publish').length === 2,
    );
    // What is not in the ledger as published when the service is killed is published again, in a span of its own.
    await until('both to be recorded', async () =>
      (await system!.get('/metrics')).body.includes('bridge_events_published_total{portal="acme"} 2'),
    );
    await system.bridge.stop('SIGKILL');
    system.bridge.start(probe());
    await system.bridge.logged('replies.consuming');

    const [first, second] = received;
    const [, traceId, publishSpan] = String(traceparents()[0]).split('-');
    const reply = (event: typeof first, headers: Record<string, string>) =>
      system!.downstream.channel.sendToQueue(
        system!.downstream.names.replies,
        Buffer.from('{"status":"failed","reason":"no such customer"}'),
        { correlationId: String(event?.message.properties.correlationId), headers },
      );
    // One consumer goes on with the event's trace, the other has its own.
    reply(first, { traceparent: `00-${traceId}-${OWN_SPAN}-01` });
    reply(second, { traceparent: `00-${OWN_TRACE}-${OWN_SPAN}-01` });
    await until('both marked', () => system!.portal.rows().filter((row) => row.ERROR === 1).length === 2);
    await until('all spans', () => collector.spans.filter(({ name }) => name === 'bridge mark').length === 2);

    expect(traceparents()[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    const spans = collector.trace(traceId ?? '');
    expect(spans.map(({ name }) => name).sort()).toEqual([
      'bridge mark',
      'bridge publish',
      'bridge reply',
      'portal change',
    ]);
    const named = (name: string) => spans.find((span) => span.name === name);
    const root = named('portal change');
    expect(root?.parentSpanId ?? '').toBe('');
    expect(named('bridge publish')).toMatchObject({ spanId: publishSpan, parentSpanId: root?.spanId });
    expect(named('bridge reply')).toMatchObject({
      parentSpanId: OWN_SPAN,
      status: { code: 2, message: 'no such customer' },
    });
    expect(named('bridge mark')?.parentSpanId).toBe(root?.spanId);
    const rounds = collector.spans.filter(({ name }) => name === 'bridge round').map(({ spanId }) => spanId);
    expect(rounds).toContain(root?.links?.[0]?.spanId);
    expect(rounds).toContain(named('bridge mark')?.links?.[0]?.spanId);

    const other = String(traceparents()[1]).split('-')[1] ?? '';
    expect(other).not.toBe(traceId);
    const linked = collector.trace(other).find(({ name }) => name === 'bridge reply');
    expect(linked?.links).toMatchObject([{ traceId: OWN_TRACE, spanId: OWN_SPAN }]);

    expect([...collector.services]).toEqual(['bitrix24-offline-bridge']);
    expect(await system.bridge.stop()).toBe(0);
    expect(system.bridge.output).toMatch(/sdk modules loaded: [1-9]/);
  });

  it('are neither taken nor loaded without the standard variables', async () => {
    system = await TestSystem.open({ process: true, settings: probe() });
    system.push(1, 1);
    await until('the event', () => traceparents().length > 0);
    expect(traceparents()).toEqual([undefined]);
    expect(await system.bridge.stop()).toBe(0);
    expect(system.bridge.output).toContain('sdk modules loaded: 0.');
  });

  it('that nobody collects hold nothing up', async () => {
    system = await TestSystem.open({
      process: true,
      settings: {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
        OTEL_EXPORTER_OTLP_TIMEOUT: '300',
        OTEL_BSP_SCHEDULE_DELAY: '50',
      },
    });
    system.push(1, 1);
    await until('the event settled', () => system!.portal.rows().length === 0);
    expect(traceparents()[0]).toMatch(/^00-/);
    const { message } = await system.bridge.logged('tracing.trouble');
    expect(message['reason']).toContain('ECONNREFUSED');
    expect(await system.bridge.stop()).toBe(0);
  });
});
