import { checkHandlerAddress } from './handler-address.js';
import { argumentError, RestError } from './rest-error.js';

export interface Binding {
  readonly id: number;
  readonly event: string;
  /** `''` for an offline binding. */
  readonly handler: string;
  readonly connector: string;
  readonly authType: number;
  /** Seconds between two notifications, where the binding says so. */
  readonly minTimeout: number | null;
}

interface BindRequest {
  event: string;
  eventType: string;
  handler: string;
  connector: string;
  /** The user under whom the handler is authorized; 0 for the user who makes the change. */
  authType: number;
  minTimeout: number | null;
}

type UnbindRequest = Pick<BindRequest, 'event' | 'eventType' | 'handler' | 'connector'> & {
  /** Only the binding of this user; null for those of all. */
  authType: number | null;
};

/** What the caller of `event.bind` may do. */
export interface BindRights {
  readonly administrator: boolean;
  readonly knowsEvent: (event: string) => boolean;
}

const EVERY_RIGHT: BindRights = { administrator: true, knowsEvent: () => true };

/** The notification of a changed queue exists only as an ordinary, online event. */
export const QUEUE_EVENT = 'ONOFFLINEEVENT';

/** Which events the application has bound on one portal. */
export class Bindings {
  private bound: Binding[] = [];
  private lastId = 0;

  all(): readonly Binding[] {
    return this.bound;
  }

  hasOffline(event: string, connector: string): boolean {
    return this.offline(event).some((binding) => binding.connector === connector);
  }

  /** The offline bindings of an event: one for each source key. */
  offline(event: string): Binding[] {
    return this.bound.filter((b) => b.handler === '' && b.event === event);
  }

  queueHandlers(): Binding[] {
    return this.bound.filter((b) => b.event === QUEUE_EVENT && b.handler !== '');
  }

  /**
   * @throws RestError 400 ERROR_CORE when it is bound already, ERROR_ARGUMENT or a code of its own for an impossible
   * binding; 403 ACCESS_DENIED
   */
  bind(request: BindRequest, rights: BindRights = EVERY_RIGHT): void {
    const { event, handler, connector, minTimeout } = checkedRequest(request, rights, 'binding');
    const authType = handler === '' ? 0 : request.authType;
    if (handler !== '') checkHandlerAddress(handler);
    if (!rights.knowsEvent(event)) throw new RestError(400, 'ERROR_EVENT_NOT_FOUND', 'Event not found');
    if (handler === '' && event === QUEUE_EVENT) {
      throw argumentError('Offline event cannot be registered for this event.');
    }
    const same = this.bound.some(
      (b) =>
        b.event === event && b.handler === handler && b.connector === connector && b.authType === authType,
    );
    if (same) {
      throw new RestError(400, 'ERROR_CORE', 'Unable to set event handler: Handler already binded');
    }
    this.lastId += 1;
    this.bound.push({ id: this.lastId, event, handler, connector, authType, minTimeout });
  }

  /**
   * @returns how many bindings were removed
   * @throws RestError 400 for an impossible request, 403 ACCESS_DENIED
   */
  unbind(request: UnbindRequest, rights: BindRights = EVERY_RIGHT): number {
    const { event, handler, connector, authType } = checkedRequest(request, rights, 'unbinding');
    const before = this.bound.length;
    this.bound = this.bound.filter((b) => {
      if (b.event !== event || b.handler !== handler) return true;
      return handler === '' ? b.connector !== connector : authType !== null && b.authType !== authType;
    });
    return before - this.bound.length;
  }

  /** Installing the application again, or a new version of it, forgets every binding. */
  clear(): void {
    this.bound = [];
  }
}

/** The checks that binding and unbinding share, in the portal's order. An offline binding has no handler. */
function checkedRequest<R extends BindRequest | UnbindRequest>(
  request: R,
  rights: BindRights,
  action: 'binding' | 'unbinding',
): R {
  const event = request.event.toUpperCase();
  const eventType = request.eventType.toLowerCase() || 'online';
  if (event === '') throw argumentError("Argument 'EVENT' is null or empty");
  if (eventType !== 'online' && eventType !== 'offline') {
    throw argumentError("Value must be one of {online|offline}. Argument 'EVENT_TYPE'");
  }
  if (eventType === 'offline') {
    if (!rights.administrator) {
      const description = `Offline events ${action} requires administrator access rights`;
      throw new RestError(403, 'ACCESS_DENIED', description);
    }
    return { ...request, event, eventType, handler: '' };
  }
  if (request.handler === '') throw argumentError("Argument 'HANDLER' is null or empty");
  return { ...request, event, eventType };
}
