import { type Context, diag, DiagLogLevel, propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  type IdGenerator,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { type Log } from '../logging/log.js';
import { obeyWantedIds, parentIsDerived, wantedIds } from './delivery-trace.js';
import { type Environment, valueOf } from './otel-variables.js';

const SERVICE_NAME = 'bitrix24-offline-bridge';
/** Part of the 10 s in which a stop is promised. */
const FLUSH_MS = 1500;
/** A collector that is away would otherwise fill the log. */
const COMPLAIN_EVERY_MS = 60_000;
const COMPLAINT_LENGTH = 300;

/**
 * The SDK as the standard variables describe it, registered for the whole process.
 * @throws Error where they ask for an exporter or a protocol that is not part of the bridge
 */
export async function startSdk(env: Environment, log: Log): Promise<() => Promise<void>> {
  complainTo(log);
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': SERVICE_NAME }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    sampler: decideByDelivery(samplerFrom(env)),
    idGenerator: idGenerator(),
    spanProcessors: [new BatchSpanProcessor(await exporterFrom(env))],
  });
  obeyWantedIds();
  trace.setGlobalTracerProvider(provider);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  log.info({ event: 'tracing.started' });
  return async () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, FLUSH_MS)));
    await Promise.race([provider.shutdown(), late]).catch(() => undefined);
    clearTimeout(timer);
  };
}

async function exporterFrom(env: Environment): Promise<SpanExporter> {
  const exporter = valueOf(env, 'OTEL_TRACES_EXPORTER') ?? 'otlp';
  if (exporter === 'console') return new ConsoleSpanExporter();
  if (exporter !== 'otlp') throw new Error(`OTEL_TRACES_EXPORTER is not otlp, console or none: ${exporter}`);
  const protocol =
    valueOf(env, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ??
    valueOf(env, 'OTEL_EXPORTER_OTLP_PROTOCOL') ??
    'http/protobuf';
  // Each reads address, headers, timeout, compression and certificates from the environment itself.
  switch (protocol) {
    case 'http/protobuf':
      return new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter();
    case 'http/json':
      return new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter();
    default:
      throw new Error(`OTEL_EXPORTER_OTLP_PROTOCOL is not http/protobuf or http/json: ${protocol}`);
  }
}

/** @throws Error where `OTEL_TRACES_SAMPLER` names none of the standard samplers */
export function samplerFrom(env: Environment): Sampler {
  const name = valueOf(env, 'OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
  const ratio = Number(valueOf(env, 'OTEL_TRACES_SAMPLER_ARG') ?? 1);
  const roots: Readonly<Record<string, () => Sampler>> = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio),
  };
  const root = roots[name.replace(/^parentbased_/, '')];
  if (root === undefined) throw new Error(`OTEL_TRACES_SAMPLER is not a standard sampler: ${name}`);
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root: root() }) : root();
}

/**
 * No sampler has decided on a derived root, so the sampler decides as if there were no parent: by the trace id, and so
 * alike in every process and for every span of the delivery.
 */
export function decideByDelivery(sampler: Sampler): Sampler {
  return {
    shouldSample: (context: Context, ...rest) =>
      sampler.shouldSample(parentIsDerived(context) ? trace.deleteSpan(context) : context, ...rest),
    toString: () => sampler.toString(),
  };
}

function idGenerator(): IdGenerator {
  const random = new RandomIdGenerator();
  return {
    generateTraceId: () => wantedIds()?.traceId ?? random.generateTraceId(),
    generateSpanId: () => wantedIds()?.spanId ?? random.generateSpanId(),
  };
}

function complainTo(log: Log): void {
  let complainedAt = Number.NEGATIVE_INFINITY;
  const complain = (message: string, ...rest: unknown[]) => {
    const now = performance.now();
    if (now - complainedAt < COMPLAIN_EVERY_MS) return;
    complainedAt = now;
    log.warn({
      event: 'tracing.trouble',
      reason: [message, ...rest].map(String).join(' ').slice(0, COMPLAINT_LENGTH),
    });
  };
  const silent = () => undefined;
  diag.setLogger(
    { error: complain, warn: complain, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
