import {
  type Context,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import { createHash } from 'node:crypto';

/** What names a delivery, the same in every process and at any time. */
interface DeliveryIdentity {
  readonly memberId: string;
  readonly processId: string;
  readonly messageId: string;
}

/**
 * The root of a delivery's trace, computed and never stored: every process that publishes, reads the reply or marks
 * finds the same trace, also after a crash.
 */
export function deliveryRoot({ memberId, processId, messageId }: DeliveryIdentity): SpanContext {
  const hash = createHash('sha256').update(`${memberId}:${processId}:${messageId}`).digest('hex');
  return {
    traceId: validId(hash.slice(0, 32)),
    spanId: validId(hash.slice(32, 48)),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  };
}

/** An id of nothing but zeros means "no trace". */
export function validId(id: string): string {
  return /^0+$/.test(id) ? id.replace(/.$/, '1') : id;
}

const DERIVED = createContextKey('a derived root, whose sampling is not decided');

/** A context in which the next span becomes a child of `root`. */
export function beneath(root: SpanContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT.setValue(DERIVED, true), root);
}

/** Whether the parent in this context is a derived root: its flag says nothing about sampling. */
export function parentIsDerived(context: Context): boolean {
  return context.getValue(DERIVED) === true;
}

/** The ids that the next span is to have; only an SDK of our own reads them, see {@link startRoot}. */
let wanted: SpanContext | null = null;
let obeyed = false;

/** Called by an id generator that will ask {@link wantedIds} for every span. */
export function obeyWantedIds(): void {
  obeyed = true;
}

export function wantedIds(): SpanContext | null {
  return wanted;
}

/** Starts the very span that `root` names; with an SDK of the application's, which chooses ids by itself, a child of it. */
export function startRoot(tracer: Tracer, root: SpanContext, name: string, options: SpanOptions): Span {
  if (!obeyed) return tracer.startSpan(name, options, beneath(root));
  wanted = root;
  try {
    return tracer.startSpan(name, { ...options, root: true }, ROOT_CONTEXT);
  } finally {
    wanted = null;
  }
}
