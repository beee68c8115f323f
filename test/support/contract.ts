import { readdirSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { type ConsumeMessage, type MessageProperties } from 'amqplib';
import { REPLY_BYTES, type ReplyKind } from '../../src/contract/reply.js';

const FOLDER = new URL('../../docs/schemas/', import.meta.url);

/** What the published schemas say of a value: null where it is as they say, otherwise what is wrong. */
export type Check = (value: unknown) => string | null;

type Schema = Readonly<Record<string, unknown>>;

/** The published schemas, by their files. */
export const schemas = new Map(
  readdirSync(FOLDER).map((file) => [
    file,
    JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Schema,
  ]),
);

/**
 * The schema of a file of `docs/schemas`.
 * @param options.complete an object may have only what the schema lists: what we publish is documented in full
 */
export function schemaCheck(file: string, { complete = false } = {}): Check {
  return (value) => {
    // Compiled when it is needed: most suites need two of a dozen.
    const validate = compiled(file, complete);
    if (validate(value)) return null;
    const [first] = validate.errors ?? [];
    return `${file}: ${first?.instancePath} ${first?.message} ${JSON.stringify(first?.params)}`;
  };
}

const validators = new Map<string, ValidateFunction>();

/** One for each schema and kind: to compile one takes longer than a thousand checks. */
function compiled(file: string, complete: boolean): ValidateFunction {
  const key = `${file} ${complete}`;
  const known = validators.get(key);
  if (known !== undefined) return known;
  // That the schemas are schemas is checked once, in test/contract; each check of it compiles the schema of schemas.
  const ajv = new Ajv({ strict: true, meta: false, validateSchema: false });
  for (const [name, schema] of schemas) {
    ajv.addSchema(complete && name === file ? completed(schema) : schema, name);
  }
  const validate = ajv.getSchema(file) as ValidateFunction;
  validators.set(key, validate);
  return validate;
}

/** The same schema for objects without members of their own; where it is a choice of several, of each of them. */
function completed(schema: Schema): Schema {
  const { definitions } = schema as { definitions?: Record<string, Schema> };
  if (schema['type'] === 'object') return { ...schema, additionalProperties: false };
  return {
    ...schema,
    definitions: Object.fromEntries(
      Object.entries(definitions ?? {}).map(([name, part]) => [
        name,
        part['type'] === 'object' ? completed(part) : part,
      ]),
    ),
  };
}

/** The examples that a schema carries. */
export function examplesOf(file: string): unknown[] {
  const { examples } = schemas.get(file) as { examples?: unknown[] };
  if (examples === undefined) throw new Error(`${file} has no examples`);
  return examples;
}

const published = (file: string) => schemaCheck(file, { complete: true });
const isEvent = published('event.json');
const hasEventHeaders = published('event-headers.json');
const hasEventProperties = published('event-properties.json');
const isDeadLetter = published('dead-letter.json');
const hasDeadLetterHeaders = published('dead-letter-headers.json');
const hasRejectedReplyHeaders = schemaCheck('rejected-reply-headers.json');
const isCorrelationId = schemaCheck('correlation-id.json');
// What they do not list may say something else, in one of the forms that are forgiven.
const isSingle = published('reply-single.json');
const isGroup = published('reply-group.json');
const isNest = published('reply-nest.json');
const namesDelivery = schemaCheck('reply-dead-letter.json');
const hasDeath = schemaCheck('reply-dead-letter-headers.json');

/** In what an event differs from the contract of a bridge with this prefix; empty where in nothing. */
export function faultsOfEvent(message: ConsumeMessage, prefix: string): string[] {
  const body = JSON.parse(message.content.toString()) as Record<string, unknown>;
  const properties = amqpProperties(message.properties, prefix);
  return faults([
    isEvent(body),
    hasEventHeaders(ownHeaders(message.properties)),
    hasEventProperties(properties),
    differs('message_id', properties['message_id'], body['id']),
    differs('pattern', body['pattern'], message.fields.routingKey),
  ]);
}

/** The same for a message of the dead-letter queue. */
export function faultsOfDeadLetter(
  message: Pick<ConsumeMessage, 'content' | 'properties'>,
  key: string,
): string[] {
  const body = JSON.parse(message.content.toString()) as Record<string, unknown>;
  return faults([
    isDeadLetter(body),
    hasDeadLetterHeaders(ownHeaders(message.properties)),
    differs('pattern', body['pattern'], key),
  ]);
}

/** The same for a message of the queue of rejected replies, which the schemas must refuse as well. */
export function faultsOfRejectedReply({
  content,
  properties,
}: Pick<ConsumeMessage, 'content' | 'properties'>): string[] {
  // It may have been a reply in all but its size, which is no matter of form either.
  if (content.length > REPLY_BYTES) return faults([hasRejectedReplyHeaders(properties.headers)]);
  const kind = replyKindBySchemas(jsonOf(content), properties);
  // It made sense, but nobody could act on it: that is no matter of form.
  const error: unknown = properties.headers?.['x-bridge-error'];
  if (/is none that this bridge knows$|^the ledger does not know /.test(String(error))) return [];
  return faults([
    hasRejectedReplyHeaders(properties.headers),
    kind === null
      ? null
      : `rejected, and by the schemas it is a reply (${kind}): ${content.toString().slice(0, 200)}`,
  ]);
}

/**
 * What the published schemas say a message of the reply queue is: of one kind, or null for malformed. With `x-death`
 * it is a dead-lettered event, unless its body has a reply's members (and no `specversion`). The service forgives more
 * forms than they list.
 */
export function replyKindBySchemas(
  body: unknown,
  { correlationId, headers }: { correlationId?: unknown; headers?: unknown },
): ReplyKind | null {
  const correlated = isCorrelationId(correlationId) === null;
  if (hasDeath(headers) === null && (has(body, 'specversion') || !holdsReplyMember(body))) {
    return correlated || namesDelivery(body) === null ? 'dead_letter' : null;
  }
  if (isGroup(body) === null) return 'group';
  if (isSingle(body) === null) return correlated ? 'single' : null;
  return isNest(body) === null && correlated ? 'nest' : null;
}

/** In small letters and without hyphens, as their names are forgiven. */
const REPLY_MEMBERS = new Set(['processid', 'status', 'success', 'ok', 'error', 'reason']);
const NEST_MEMBERS = ['isDisposed', 'err', 'response'];

const holdsReplyMember = (body: unknown) =>
  NEST_MEMBERS.some((key) => has(body, key)) ||
  (typeof body === 'object' &&
    Object.keys(body ?? {}).some((key) => REPLY_MEMBERS.has(key.toLowerCase().replaceAll(/[_-]/g, ''))));

const has = (body: unknown, key: string) =>
  typeof body === 'object' && body !== null && !Array.isArray(body) && Object.hasOwn(body, key);

const faults = (found: readonly (string | null)[]) => found.filter((fault) => fault !== null);

const differs = (what: string, is: unknown, expected: unknown) =>
  is === expected ? null : `${what} is ${String(is)}, not ${String(expected)}`;

function jsonOf(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString()) as unknown;
  } catch {
    return undefined;
  }
}

/** Under the names of the specification, as the schemas write them, and with the default prefix. */
function amqpProperties(properties: MessageProperties, prefix: string): Record<string, unknown> {
  const replyTo: unknown = properties.replyTo;
  return {
    content_type: properties.contentType,
    delivery_mode: properties.deliveryMode,
    message_id: properties.messageId,
    correlation_id: properties.correlationId,
    reply_to: replyTo === `${prefix}.replies` ? 'bitrix24.replies' : replyTo,
    type: properties.type,
    timestamp: properties.timestamp,
    app_id: properties.appId,
  };
}

/** Without what the broker adds on the way. */
function ownHeaders({ headers }: MessageProperties): Record<string, unknown> {
  const added = /^x-(?:death|first-death-.*|last-death-.*|delivery-count|acquired-count|opt-.*)$/;
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => !added.test(name)));
}
