import { isIP } from 'node:net';
import {
  type ValidationArguments,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { faultOfApiTokens } from './api-tokens.js';
import { readAddress } from '../bitrix24/portal-address.js';
import { ObjectTypes } from '../contract/object-types.js';
import { StateFields } from '../contract/state-fields.js';
import { isPortalRule } from '../portals/allowed-portals.js';
import { faultOfPins } from '../portals/pinned-names.js';

/** A key for the tokens at rest, or several. */
@ValidatorConstraint({ name: 'aesKey' })
export class AesKeys implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return (
      typeof value === 'string' &&
      value.split(',').every((part) => {
        const key = part.trim();
        return /^[A-Za-z0-9+/]+={0,2}$/.test(key) && Buffer.from(key, 'base64').length === 32;
      })
    );
  }
  defaultMessage(): string {
    return '$property must be 32 bytes in base64 (make one with: openssl rand -base64 32), or several, comma-separated';
  }
}

/** Who may use the API. */
@ValidatorConstraint({ name: 'apiTokens' })
export class ApiTokenList implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && faultOfApiTokens(value) === null;
  }
  defaultMessage({ value }: ValidationArguments): string {
    const fault = typeof value === 'string' ? faultOfApiTokens(value) : 'is no text';
    return `$property must be <name>:<read or operate>:<secret>, comma-separated: ${fault ?? ''}`;
  }
}

/** What our database drivers can open. */
@ValidatorConstraint({ name: 'databaseUrl' })
export class DatabaseUrl implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    if (typeof value !== 'string') return false;
    // Without a host the driver takes the one of the query, or the local socket.
    return /^file:.+$/.test(value) || isAddress(value.replace('@/', '@localhost/'), /^postgres(ql)?:\/\/.+$/);
  }
  defaultMessage(): string {
    return `$property must be file:<path> (embedded SQLite) or postgres://…${SPECIAL_CHARACTERS}`;
  }
}

/** One broker, or several: each of the list. */
@ValidatorConstraint({ name: 'brokerUrls' })
export class BrokerUrls implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return Array.isArray(value) && value.every((each) => isAddress(each, /^amqps?:\/\/\S+$/));
  }
  defaultMessage(): string {
    return `$property must be one or more amqp:// or amqps:// addresses, comma-separated${SPECIAL_CHARACTERS}`;
  }
}

/** Where we append a path of our own: nothing may follow the path that is given. */
@ValidatorConstraint({ name: 'webAddress' })
export class WebAddress implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return (
      isAddress(value, /^https?:\/\/[^\s?]+$/) &&
      // They would be read by the server at that address, and in every list of it.
      new URL(value).username === '' &&
      new URL(value).password === ''
    );
  }
  defaultMessage(): string {
    return '$property must be an http(s) address without user, password and query';
  }
}

/** Several of them: each of the list. */
@ValidatorConstraint({ name: 'webAddresses' })
export class WebAddresses implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    const one = new WebAddress();
    return Array.isArray(value) && value.every((each) => one.validate(each));
  }
  defaultMessage(): string {
    return '$property must be http(s) addresses without user, password and query, comma-separated';
  }
}

/** Of a portal. */
@ValidatorConstraint({ name: 'host' })
export class Host implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && readAddress(value)?.scheme === null;
  }
  defaultMessage(): string {
    return '$property must be a host or host:port, without a scheme (acme.bitrix24.com)';
  }
}

/** Kinds of objects: each of the list. */
@ValidatorConstraint({ name: 'objectTypes' })
export class ObjectTypeList implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return faultOfTypes(value) === null;
  }
  defaultMessage({ value }: ValidationArguments): string {
    return `$property must be kinds of objects, comma-separated: ${faultOfTypes(value) ?? ''}`;
  }
}

/** Which fields of which types. */
@ValidatorConstraint({ name: 'stateFields' })
export class StateFieldList implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && StateFields.faultOf(value) === null;
  }
  defaultMessage({ value }: ValidationArguments): string {
    const fault = typeof value === 'string' ? StateFields.faultOf(value) : 'it is no text';
    return `$property must be kinds of objects with their fields (crm.deal:id,title,stageId;crm.contact:*): ${fault ?? ''}`;
  }
}

function faultOfTypes(value: unknown): string | null {
  if (!Array.isArray(value)) return 'it is no list';
  for (const word of value) {
    const fault = typeof word === 'string' ? ObjectTypes.faultOf(word) : 'it is no list of texts';
    if (fault !== null) return fault;
  }
  return null;
}

/** Which portals may install: each of the list. */
@ValidatorConstraint({ name: 'portalRules' })
export class PortalRules implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return Array.isArray(value) && value.every((each) => typeof each === 'string' && isPortalRule(each));
  }
  defaultMessage(): string {
    return '$property must be *, domains (acme.bitrix24.com, *.acme.com) or member ids';
  }
}

/** Which portal is called what: each of the list, and all of them together. */
@ValidatorConstraint({ name: 'namePins' })
export class NamePins implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return faultOf(value) === null;
  }
  defaultMessage({ value }: ValidationArguments): string {
    return `$property must be member ids or addresses with a name each (acme.bitrix24.com=acme), comma-separated, a name being 1 to 63 of the characters a-z 0-9 -: ${faultOf(value) ?? ''}`;
  }
}

function faultOf(value: unknown): string | null {
  const isList = Array.isArray(value) && value.every((each): each is string => typeof each === 'string');
  return isList ? faultOfPins(value) : 'no list';
}

const NAMED_NETWORKS: readonly string[] = ['loopback', 'linklocal', 'uniquelocal'];

/** Addresses and networks as Express knows them. */
@ValidatorConstraint({ name: 'networks' })
export class Networks implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return Array.isArray(value) && value.every((each) => typeof each === 'string' && isNetwork(each));
  }
  defaultMessage(): string {
    return '$property must be addresses, networks (10.0.0.0/8), loopback, linklocal or uniquelocal';
  }
}

const SPECIAL_CHARACTERS = '; special characters in a user or password are percent-encoded';

function isAddress(value: unknown, pattern: RegExp): value is string {
  return (
    typeof value === 'string' && pattern.test(value) && URL.canParse(value) && new URL(value).hash === ''
  );
}

function isNetwork(text: string): boolean {
  if (NAMED_NETWORKS.includes(text)) return true;
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && (bits === undefined || Number(bits) <= (version === 4 ? 32 : 128));
}

/** A value fit to be shown: whatever stands where an address has its user and password is not. */
export function withoutCredentials(text: string): string {
  return text.replace(/\/\/.*@/s, '//***@');
}
