import { diag, ProxyTracerProvider, trace, type Tracer } from '@opentelemetry/api';
import { reasonOf } from '../logging/reason.js';

const NAME = 'bitrix24-offline-bridge';

/** Our tracer, or null while no SDK is registered: then nothing at all is to be done for tracing. */
export function activeTracer(): Tracer | null {
  const provider = trace.getTracerProvider();
  if (provider instanceof ProxyTracerProvider && provider.getDelegateTracer(NAME) === undefined) return null;
  return harmless(() => provider.getTracer(NAME)) ?? null;
}

/** Runs what traces something. Whatever goes wrong in it must not reach what is traced. */
export function harmless<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    diag.error('a span was lost', reasonOf(error));
    return undefined;
  }
}
