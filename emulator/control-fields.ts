import { FAULT_KINDS, type Fault } from './faults.js';
import { type PortalLimits, type PortalState, type PushedChange } from './portal.js';
import { type PortalOptions } from './portal-options.js';
import {
  assertGivenOffset,
  assertTimestampStyle,
  type GivenOffset,
  type TimestampStyle,
} from './portal-clock.js';
import { isRedirectState } from './redirects.js';
import { isSuspendedState } from './rest-error.js';

export type Fields = Record<string, unknown>;

export class ControlError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'ControlError';
  }
}

/** @throws ControlError 400 */
export function asObject(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ControlError(400, 'The body must be a JSON object');
  }
  return value as Fields;
}

/** @throws ControlError 400 */
export function textField(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new ControlError(400, `${name} must be a text`);
  return value;
}

/** @throws ControlError 400 */
export function numberField(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number') throw new ControlError(400, `${name} must be a number`);
  return value;
}

/** @throws ControlError 400 */
export function booleanField(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value !== 'boolean') throw new ControlError(400, `${name} must be true or false`);
  return value;
}

/** @throws ControlError 400 */
export function timestampsField(fields: Fields): TimestampStyle {
  const style = textField(fields, 'timestamps');
  assertTimestampStyle(style);
  return style;
}

/** The named fields that are present, each read by its kind. */
function picked<T>(fields: Fields, names: readonly string[], read: (fields: Fields, name: string) => T) {
  return Object.fromEntries(names.filter((name) => name in fields).map((name) => [name, read(fields, name)]));
}

/** Numbers that may be left out. @throws ControlError 400 */
export function numberFields<Name extends string>(
  fields: Fields,
  names: readonly Name[],
): Partial<Record<Name, number>> {
  return picked(fields, names, numberField) as Partial<Record<Name, number>>;
}

/** A fault; `times: "all"` stands for every request. @throws ControlError 400 */
export function faultField(fields: Fields): Fault {
  const kind = FAULT_KINDS.find((candidate) => candidate === fields['kind']);
  if (!kind) throw new ControlError(400, `kind is one of ${FAULT_KINDS.join(', ')}`);
  const times = fields['times'] === 'all' ? { times: Infinity } : picked(fields, ['times'], numberField);
  return {
    method: textField(fields, 'method'),
    kind,
    ...times,
    ...picked(fields, ['probability', 'status', 'ms', 'bytes'], numberField),
    ...picked(fields, ['error', 'description'], textField),
    ...picked(fields, ['commit'], booleanField),
  };
}

/** @throws ControlError 400 */
export function changeField(fields: Fields): PushedChange {
  return {
    event: textField(fields, 'event'),
    ...('data' in fields ? { data: fields['data'] } : {}),
    ...('userId' in fields ? { userId: fields['userId'] === null ? null : textField(fields, 'userId') } : {}),
    ...picked(fields, ['dataText', 'messageId', 'connector'], textField),
    ...picked(fields, ['force'], booleanField),
  };
}

const LIMITS = [
  'ratePerSecond',
  'burst',
  'operatingLimitSeconds',
  'serviceTimeMs',
  'serviceTimePerRowMs',
  'serviceTimePerPageMs',
  'requestLimitMs',
];

function chargedField(fields: Fields): 'command' | 'batch' {
  const charged = textField(fields, 'operatingOf');
  if (charged === 'command' || charged === 'batch') return charged;
  throw new ControlError(400, 'operatingOf is command or batch');
}

/** @throws ControlError 400 */
export function limitsField(fields: Fields): PortalLimits {
  return {
    ...picked(fields, LIMITS, numberField),
    ...('operatingOf' in fields ? { operatingOf: chargedField(fields) } : {}),
  };
}

function filterDatesField(fields: Fields): GivenOffset {
  const given = textField(fields, 'filterDates');
  assertGivenOffset(given);
  return given;
}

/** @throws ControlError 400 */
export function portalField(fields: Fields): PortalOptions {
  return {
    name: textField(fields, 'name'),
    ...picked(
      fields,
      ['memberId', 'site', 'utcOffset', 'filterOffset', 'redirectUrl', 'authorizationServer'],
      textField,
    ),
    ...picked(fields, ['extended', 'connector', 'administrator', 'selfHosted', 'interface'], booleanField),
    ...('featureAnswer' in fields ? { featureAnswer: fields['featureAnswer'] } : {}),
    ...('timestamps' in fields ? { timestamps: timestampsField(fields) } : {}),
    ...('filterDates' in fields ? { filterDates: filterDatesField(fields) } : {}),
    ...limitsField(fields),
  };
}

/** @throws ControlError 400 */
export function stateField(fields: Fields): PortalState {
  if ('status' in fields) {
    return {
      status: numberField(fields, 'status'),
      error: textField(fields, 'error'),
      ...picked(fields, ['description'], textField),
    };
  }
  const state = textField(fields, 'state');
  if (state === 'active' || isSuspendedState(state) || isRedirectState(state)) return state;
  throw new ControlError(400, `Unknown state: ${state}`);
}

/** The user whom a call is about; undefined for the one who installed the application. @throws ControlError 400 */
export function userField(fields: Fields): number | undefined {
  return 'user' in fields ? numberField(fields, 'user') : undefined;
}
