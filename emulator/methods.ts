import { type BindRights } from './bindings.js';
import { type CallContext, type Features, type MethodAnswer } from './call-context.js';
import { callItemMethod, isItemMethod } from './item-methods.js';
import { callObjectMethod, isObjectMethod } from './object-methods.js';
import { type GetParams } from './offline-calls.js';
import {
  changeKeyCase,
  isPhpArray,
  phpBool,
  phpEntries,
  phpGet,
  phpInt,
  phpString,
  type PhpArray,
} from './php.js';
import { argumentError, RestError } from './rest-error.js';

type Method = (params: PhpArray, context: CallContext) => Promise<MethodAnswer>;

function requireApplication(context: CallContext): void {
  if (context.caller.clientId === null) {
    const description = 'Current authorization type is denied for this method';
    throw new RestError(403, 'WRONG_AUTH_TYPE', description);
  }
}

function requireAdministrator(context: CallContext, description = 'Access denied!'): void {
  if (!context.administrator) throw new RestError(403, 'ACCESS_DENIED', description);
}

const licenseError = (feature: string): RestError =>
  new RestError(403, 'WRONG_LICENSE', `The current license does not allow: ${feature}`);

/** @throws RestError 403 WRONG_LICENSE when a source key is given and the plan has none. An empty one is none. */
export function requireConnectorFeature(authConnector: unknown, features: Features): void {
  if (phpBool(authConnector) && !features.connector) {
    throw licenseError('auth_connector');
  }
}

async function featureGet(query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  await context.serve();
  const code = phpString(phpGet(changeKeyCase(query, 'upper'), 'CODE'));
  if (code === '') throw new RestError(400, 'CODE_EMPTY', "CODE can't be empty");
  if (context.features.answer !== undefined) return { result: { value: context.features.answer } };
  const enabled =
    code === 'rest_offline_extended'
      ? context.features.extended
      : code === 'rest_auth_connector' && context.features.connector;
  return { result: { value: enabled ? 'Y' : 'N' } };
}

/** What `event.bind` and `event.unbind` have in common; a user that is not given is null. */
function bindRequest(query: PhpArray, context: CallContext) {
  const params = changeKeyCase(query, 'upper');
  const options = phpGet(params, 'OPTIONS');
  const minTimeout = isPhpArray(options) ? phpGet(options, 'minTimeout') : undefined;
  return {
    event: phpString(phpGet(params, 'EVENT')),
    eventType: phpString(phpGet(params, 'EVENT_TYPE')),
    handler: phpString(phpGet(params, 'HANDLER')),
    connector: context.caller.connector,
    givenUser: phpGet(params, 'AUTH_TYPE'),
    minTimeout: minTimeout === undefined ? null : phpInt(minTimeout),
  };
}

const rightsOf = ({ administrator, knowsEvent }: CallContext): BindRights => ({ administrator, knowsEvent });

async function eventBind(query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  requireApplication(context);
  await context.serve();
  const { givenUser, ...request } = bindRequest(query, context);
  const { userId } = context.caller;
  const given = phpInt(givenUser);
  if (given > 0 && given !== userId) {
    requireAdministrator(context, 'Event binding with AUTH_TYPE requires administrator access rights');
  }
  const authType = given > 0 || context.administrator ? given : userId;
  context.bindings.bind({ ...request, authType }, rightsOf(context));
  return { result: true };
}

async function eventUnbind(query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  requireApplication(context);
  await context.serve();
  const { givenUser, ...request } = bindRequest(query, context);
  const { userId } = context.caller;
  const unsaid = context.administrator ? null : userId;
  const authType = givenUser === undefined ? unsaid : phpInt(givenUser);
  // A text is never the same as a number: without an administrator, a form cannot name a user.
  if (givenUser !== undefined && givenUser !== userId && request.eventType.toLowerCase() !== 'offline') {
    requireAdministrator(context, 'Event unbinding with AUTH_TYPE requires administrator access rights');
  }
  return { result: { count: context.bindings.unbind({ ...request, authType }, rightsOf(context)) } };
}

async function eventGet(_query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  requireApplication(context);
  await context.serve();
  const result = context.bindings
    .all()
    .filter(({ authType }) => context.administrator || authType === context.caller.userId)
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
    // The portal takes it out of the request before a method reads names in any case.
    start: phpGet(query, 'start'),
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

async function appInfo(_query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  requireApplication(context);
  await context.serve();
  const result = {
    ID: '11',
    CODE: 'local.5c8bb1b0891cf2.87252039',
    VERSION: '1',
    STATUS: 'L',
    INSTALLED: context.installed,
    PAYMENT_EXPIRED: 'N',
    DAYS: null,
    LANGUAGE_ID: 'en',
    LICENSE: 'en_pro100',
    LICENSE_TYPE: 'pro100',
    LICENSE_FAMILY: 'pro',
  };
  return { result };
}

/** The user for whom the caller acts; it needs no permission. */
async function profile(_query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  await context.serve();
  const { userId } = context.caller;
  const result = { ID: String(userId), ADMIN: context.administrator, NAME: 'Somebody', LAST_NAME: 'Else' };
  return { result };
}

async function serverTime(_query: PhpArray, context: CallContext): Promise<MethodAnswer> {
  await context.serve();
  return { result: context.time() };
}

const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['app.info', appInfo],
  ['profile', profile],
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

/** Methods that a source key means anything to. */
const KEYED: ReadonlySet<string> = new Set([
  'event.bind',
  'event.unbind',
  'event.offline.get',
  'event.offline.list',
  'event.offline.clear',
  'event.offline.error',
]);

export const isKnownMethod = (name: string): boolean =>
  name === 'batch' || METHODS.has(name) || isItemMethod(name) || isObjectMethod(name);

/** @throws RestError with the portal's own refusal */
export async function callMethod(
  name: string,
  params: PhpArray,
  context: CallContext,
): Promise<MethodAnswer> {
  if (isItemMethod(name)) return callItemMethod(name, params, context);
  if (isObjectMethod(name)) return callObjectMethod(name, params, context);
  const method = METHODS.get(name);
  if (!method) throw new RestError(404, 'ERROR_METHOD_NOT_FOUND', 'Method not found!');
  if (KEYED.has(name)) requireConnectorFeature(context.scope.connector, context.features);
  return method(params, context);
}

/** The commands of a batch request. @throws RestError 400 when `cmd` is not a map */
export function batchCommands(query: PhpArray): [string, unknown][] {
  const cmd = phpGet(changeKeyCase(query, 'upper'), 'CMD');
  if (cmd === undefined) return [];
  if (!isPhpArray(cmd)) throw argumentError('The commands are not an array.');
  return phpEntries(cmd);
}
