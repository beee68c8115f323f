import { type Bindings, type BindRequest } from './bindings.js';
import { type OfflineQueue } from './offline-queue.js';
import { type GetParams } from './offline-calls.js';
import { changeKeyCase, isPhpArray, phpGet, phpInt, phpString, type PhpArray } from './php.js';
import { argumentError, RestError } from './rest-error.js';
import { type Scope } from './offline-row.js';

export interface Features {
  extended: boolean;
  connector: boolean;
}

/** Who calls, and what of the portal a method may touch. */
export interface CallContext {
  readonly authType: 'oauth' | 'webhook';
  readonly administrator: boolean;
  readonly scope: Scope;
  readonly features: Features;
  readonly queue: OfflineQueue;
  readonly bindings: Bindings;
  readonly knowsEvent: (event: string) => boolean;
  /** Spends the call's share of the service time. A get spends it between choosing and reserving its rows. */
  readonly serve: () => Promise<void>;
}

export interface MethodAnswer {
  readonly result: unknown;
  readonly total?: number;
  readonly next?: number;
  /** Rows printed, for the part of the service time that grows with them. */
  readonly rows?: number;
}

type Method = (params: PhpArray, context: CallContext) => Promise<MethodAnswer>;

function requireApplication(context: CallContext): void {
  if (context.authType !== 'oauth') {
    const description = 'Current authorization type is denied for this method';
    throw new RestError(403, 'WRONG_AUTH_TYPE', description);
  }
}

function requireAdministrator(context: CallContext, description = 'Access denied!'): void {
  if (!context.administrator) throw new RestError(403, 'ACCESS_DENIED', description);
}

const licenseError = (feature: string): RestError =>
  new RestError(403, 'WRONG_LICENSE', `The current license does not allow: ${feature}`);

/** @throws RestError 403 WRONG_LICENSE when a source key is given and the plan has none */
export function requireConnectorFeature(authConnector: unknown, features: Features): void {
  if (authConnector !== undefined && authConnector !== null && !features.connector) {
    throw licenseError('auth_connector');
  }
}

async function featureGet(query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  await context.serve();
  const code = phpString(phpGet(changeKeyCase(query, 'upper'), 'CODE'));
  if (code === '') throw new RestError(400, 'CODE_EMPTY', "CODE can't be empty");
  const enabled =
    code === 'rest_offline_extended'
      ? context.features.extended
      : code === 'rest_auth_connector' && context.features.connector;
  return { result: { value: enabled ? 'Y' : 'N' } };
}

function bindRequest(query: PhpArray, context: CallContext): BindRequest {
  const params = changeKeyCase(query, 'upper');
  const options = phpGet(params, 'OPTIONS');
  const minTimeout = isPhpArray(options) ? phpGet(options, 'minTimeout') : undefined;
  return {
    event: phpString(phpGet(params, 'EVENT')),
    eventType: phpString(phpGet(params, 'EVENT_TYPE')),
    handler: phpString(phpGet(params, 'HANDLER')),
    connector: context.scope.connector,
    authType: phpInt(phpGet(params, 'AUTH_TYPE')),
    minTimeout: minTimeout === undefined ? null : phpInt(minTimeout),
  };
}

async function eventBind(query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  requireApplication(context);
  await context.serve();
  const request = bindRequest(query, context);
  if (request.eventType.toLowerCase() === 'offline') {
    requireAdministrator(context, 'Offline events binding requires administrator access rights');
  }
  if (request.event !== '' && !context.knowsEvent(request.event.toUpperCase())) {
    throw new RestError(400, 'ERROR_EVENT_NOT_FOUND', 'Event not found');
  }
  context.bindings.bind(request);
  return { result: true };
}

async function eventUnbind(query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  requireApplication(context);
  await context.serve();
  const request = bindRequest(query, context);
  if (request.eventType.toLowerCase() === 'offline') {
    requireAdministrator(context, 'Offline events unbinding requires administrator access rights');
  }
  return { result: { count: context.bindings.unbind(request) } };
}

async function eventGet(_query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  requireApplication(context);
  await context.serve();
  const result = context.bindings
    .all()
    .map(({ event, handler, connector, authType }) =>
      handler === ''
        ? { event, connector_id: connector, offline: 1 }
        : { event, handler, auth_type: String(authType), offline: 0 },
    );
  return { result };
}

function requireQueueAccess(context: CallContext): void {
  requireApplication(context);
  requireAdministrator(context);
}

async function offlineGet(query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  requireQueueAccess(context);
  const lower = changeKeyCase(query, 'lower');
  const clear = phpGet(lower, 'clear');
  if (clear !== undefined && phpInt(clear) === 0 && !context.features.extended) {
    throw licenseError('extended offline events handling');
  }
  const params: GetParams = {
    filter: phpGet(lower, 'filter'),
    order: phpGet(lower, 'order'),
    limit: phpGet(lower, 'limit'),
    clear,
    process_id: phpGet(lower, 'process_id'),
    error: phpGet(lower, 'error'),
  };
  const begun = context.queue.beginGet(params, context.scope);
  await context.serve();
  const result = context.queue.finishGet(begun);
  return { result, rows: result.events.length };
}

async function offlineList(query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  requireQueueAccess(context);
  await context.serve();
  const lower = changeKeyCase(query, 'lower');
  const params = {
    filter: phpGet(lower, 'filter'),
    order: phpGet(lower, 'order'),
    start: phpGet(lower, 'start'),
  };
  const { events, ...page } = context.queue.list(params, context.scope);
  return { result: events, rows: events.length, ...page };
}

async function offlineClear(query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  requireQueueAccess(context);
  await context.serve();
  const lower = changeKeyCase(query, 'lower');
  const params = {
    process_id: phpGet(lower, 'process_id'),
    id: phpGet(lower, 'id'),
    message_id: phpGet(lower, 'message_id'),
  };
  context.queue.clear(params, context.scope);
  return { result: true };
}

async function offlineError(query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  requireQueueAccess(context);
  await context.serve();
  const lower = changeKeyCase(query, 'lower');
  const params = { process_id: phpGet(lower, 'process_id'), message_id: phpGet(lower, 'message_id') };
  context.queue.error(params, context.scope);
  return { result: true };
}

async function serverTime(_query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  await context.serve();
  return { result: new Date().toISOString() };
}

const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['feature.get', featureGet],
  ['event.bind', eventBind],
  ['event.unbind', eventUnbind],
  ['event.get', eventGet],
  ['event.offline.get', offlineGet],
  ['event.offline.list', offlineList],
  ['event.offline.clear', offlineClear],
  ['event.offline.error', offlineError],
  ['server.time', serverTime],
]);

export const isKnownMethod = (name: string): boolean => name === 'batch' || METHODS.has(name);

/** @throws RestError with the portal's own refusal */
export async function callMethod(
  name: string,
  params: PhpArray,
  context: CallContext,
): Promise<MethodAnswer> {
  const method = METHODS.get(name);
  if (!method) throw new RestError(404, 'ERROR_METHOD_NOT_FOUND', 'Method not found!');
  return method(params, context);
}

/** The commands of a batch request. @throws RestError 400 when `cmd` is not a map */
export function batchCommands(query: PhpArray): [string, unknown][] {
  const cmd = phpGet(changeKeyCase(query, 'upper'), 'CMD');
  if (cmd === undefined) return [];
  if (!isPhpArray(cmd)) throw argumentError('The commands are not an array.');
  return Object.entries(cmd);
}
