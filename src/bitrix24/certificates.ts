import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';

const UNKNOWN_AUTHORITY =
  'its certificate is not from an authority that is known here: name the file with the certificate of that authority in NODE_EXTRA_CA_CERTS';

/** What to do about a TLS connection that failed with a code; null where it is not about a certificate. */
export function certificateAdvice(code: string): string | null {
  switch (code) {
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'CERT_UNTRUSTED':
      return UNKNOWN_AUTHORITY;
    case 'CERT_HAS_EXPIRED':
      return "its certificate has expired, or this machine's clock is wrong";
    case 'CERT_NOT_YET_VALID':
      return "its certificate is not valid yet, or this machine's clock is wrong";
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'its certificate is for another name';
    default:
      return null;
  }
}

/**
 * The certificates of a file in PEM, one after the other.
 * @throws {TypeError} saying why there are none
 */
export function readCertificates(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
    throw new TypeError(`it cannot be read${code === '' ? '' : ` (${code})`}`, { cause });
  }
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw new TypeError('it holds no certificate in PEM');
  for (const each of found) {
    try {
      new X509Certificate(each);
    } catch (cause) {
      throw new TypeError('a certificate in it cannot be read', { cause });
    }
  }
  return found;
}

/**
 * Trusts the authorities that Node trusts, and those of a file. Node reads the variable itself, but only what the
 * process was started with; a file that `.env` or a module's options name would have no effect.
 * @throws {TypeError}
 */
export function trusting(file: string): tls.SecureContext {
  return tls.createSecureContext({ ca: [...knownAuthorities(), ...readCertificates(file)] });
}

function knownAuthorities(): readonly string[] {
  // From Node 22.15 on; it knows the system's too, where a flag of Node's says that they count.
  const all: unknown = Reflect.get(tls, 'getCACertificates');
  return typeof all === 'function' ? (all as () => string[])() : tls.rootCertificates;
}
