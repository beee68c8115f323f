import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import forge from 'node-forge';

const DAY_MS = 86_400_000;

/** A key and its certificate, in PEM. */
export interface Certified {
  readonly key: string;
  readonly cert: string;
}

/** An authority that nobody knows, as companies have one. */
export class Authority {
  private constructor(private readonly own: Certified) {}

  static make(): Authority {
    return new Authority(certify('An authority of our own', null));
  }

  get cert(): string {
    return this.own.cert;
  }

  /** A server's certificate. @param days until it is not valid any more, or since then */
  for(name: string, days = 1): Certified {
    return certify(name, this.own, days);
  }

  /** That nobody has signed but its owner. */
  static selfSigned(name: string): Certified {
    return certify(name, null, 1, false);
  }
}

/** One for all certificates: to make one takes longer than most tests that need it. */
let pair: { readonly publicKey: string; readonly privateKey: string } | null = null;

function certify(name: string, issuer: Certified | null, days = 1, authority = issuer === null): Certified {
  pair ??= generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const { asn1, pki } = forge;
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(pair.publicKey);
  certificate.serialNumber = `01${randomBytes(8).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - 30 * DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + days * DAY_MS);
  certificate.setSubject([{ name: 'commonName', value: name }]);
  certificate.setIssuer(
    issuer === null ? certificate.subject.attributes : pki.certificateFromPem(issuer.cert).subject.attributes,
  );
  certificate.setExtensions(
    authority
      ? [{ name: 'basicConstraints', cA: true }]
      : [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
  );
  const key = issuer?.key ?? pair.privateKey;
  // Signed by Node: forge does it in JavaScript, for a tenth of a second.
  const signer: forge.pki.rsa.PrivateKey = {
    ...pki.privateKeyFromPem(key),
    sign: () => {
      const signed = Buffer.from(asn1.toDer(certificate.tbsCertificate).getBytes(), 'latin1');
      return sign('sha256', signed, key).toString('latin1');
    },
  };
  certificate.sign(signer, forge.md.sha256.create());
  return { key: pair.privateKey, cert: pki.certificateToPem(certificate) };
}
