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

export interface BindRequest {
  event: string;
  eventType: string;
  handler: string;
  connector: string;
  authType: number;
  minTimeout: number | null;
}

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
    return this.bound.some((b) => b.handler === '' && b.event === event && b.connector === connector);
  }

  queueHandlers(): Binding[] {
    return this.bound.filter((b) => b.event === QUEUE_EVENT && b.handler !== '');
  }

  /** @throws RestError 400 ERROR_CORE when it is bound already, ERROR_ARGUMENT for an impossible binding */
  bind(request: BindRequest): void {
    const { event, handler, connector, authType, minTimeout } = this.checked(request);
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

  /** @returns how many bindings were removed. @throws RestError 400 for an impossible request */
  unbind(request: BindRequest): number {
    const { event, handler, connector } = this.checked(request);
    const before = this.bound.length;
    this.bound = this.bound.filter(
      (b) => b.event !== event || b.handler !== handler || (handler === '' && b.connector !== connector),
    );
    return before - this.bound.length;
  }

  /** Installing the application again, or a new version of it, forgets every binding. */
  clear(): void {
    this.bound = [];
  }

  private checked(request: BindRequest): BindRequest {
    const event = request.event.toUpperCase();
    const eventType = request.eventType.toLowerCase() || 'online';
    if (event === '') throw argumentError("Argument 'EVENT' is null or empty");
    if (eventType !== 'online' && eventType !== 'offline') {
      throw argumentError("Value must be one of {online|offline}. Argument 'EVENT_TYPE'");
    }
    if (eventType === 'offline') {
      if (event === QUEUE_EVENT) throw argumentError('Offline event cannot be registered for this event.');
      return { ...request, event, eventType, handler: '', authType: 0, minTimeout: null };
    }
    if (request.handler === '') throw argumentError("Argument 'HANDLER' is null or empty");
    return { ...request, event, eventType };
  }
}
