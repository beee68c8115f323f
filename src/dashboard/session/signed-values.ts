import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/**
 * Values that come back through a browser unchanged or not at all. The key follows from the settings, so every replica
 * believes what another one signed, and a new password voids everything.
 */
export class SignedValues {
  private readonly key: Buffer;

  /**
   * @param secret unknown to users: with it, a signature does not let them guess the password
   * @param salt a change of it voids what was signed before
   */
  constructor(
    secret: string,
    salt: string,
    private readonly now: () => number = Date.now,
  ) {
    this.key = Buffer.from(hkdfSync('sha256', secret, salt, 'bitrix24-offline-bridge dashboard', 32));
  }

  /** @param purpose what is signed for one purpose is not believed for another */
  seal(purpose: string, value: unknown, expiresAt: number): string {
    const body = Buffer.from(JSON.stringify({ value, expiresAt })).toString('base64url');
    return `${body}.${this.signature(purpose, body)}`;
  }

  /** What was sealed; undefined for anything else, and after its time. */
  open(purpose: string, text: string): unknown {
    const [body = '', signature = '', ...rest] = text.split('.');
    if (rest.length > 0 || !sameText(signature, this.signature(purpose, body))) return undefined;
    const { value, expiresAt } = JSON.parse(Buffer.from(body, 'base64url').toString()) as {
      value: unknown;
      expiresAt: number;
    };
    return expiresAt > this.now() ? value : undefined;
  }

  /** A text that only we can derive from this one. */
  signature(purpose: string, text: string): string {
    return createHmac('sha256', this.key).update(`${purpose}\n${text}`).digest('base64url');
  }

  /** Whether two texts are the same, in a time that does not tell where they differ, nor how long either is. */
  same(given: string, right: string): boolean {
    return sameText(this.signature('same', given), this.signature('same', right));
  }
}

function sameText(given: string, right: string): boolean {
  const left = Buffer.from(given);
  const expected = Buffer.from(right);
  return left.length === expected.length && timingSafeEqual(left, expected);
}
