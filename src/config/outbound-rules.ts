import {
  ValidatorConstraint,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { readCertificates } from '../bitrix24/certificates.js';
import { parseProxy } from '../bitrix24/proxy.js';

/** What a reader of a text has against it; null: nothing. */
function objection(read: (text: string) => unknown, value: unknown): string | null {
  if (typeof value !== 'string') return 'it is no text';
  try {
    read(value);
    return null;
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

/** A proxy that we can go through. What stands there is never repeated: it may have a password. */
@ValidatorConstraint({ name: 'proxyAddress' })
export class ProxyAddress implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return objection(parseProxy, value) === null;
  }
  defaultMessage({ value }: ValidationArguments): string {
    const why = objection(parseProxy, value) ?? '';
    return `$property must be the address of an HTTP proxy, http://host:port or https://host:port, with user:password@ before the host where it wants them, special characters percent-encoded (${why})`;
  }
}

/** Certificates that Node can read. */
@ValidatorConstraint({ name: 'certificateFile' })
export class CertificateFile implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return objection(readCertificates, value) === null;
  }
  defaultMessage({ value }: ValidationArguments): string {
    return `$property must name a file with certificates in PEM: ${objection(readCertificates, value) ?? ''}`;
  }
}
