import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** A stored token cannot be read with the keys that are set. */
export class TokenVaultError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TokenVaultError';
  }
}

const SCHEME = 'aes256gcm';

interface Key {
  /** Tells which key sealed a token without showing the key. */
  readonly id: string;
  readonly secret: Buffer;
}

/**
 * Seals tokens before they are stored: `aes256gcm:<key id>:<nonce>:<tag>:<text>`, each part base64url. Without a
 * key they are stored as they are, and what was stored so can still be read once a key is set. The first key seals;
 * all of them open, so that a key can be replaced while its predecessor is still named behind it.
 */
export class TokenVault {
  private readonly keys: readonly Key[];

  /** @param keys 32 bytes in base64 each, comma-separated, already validated; undefined to store in clear */
  constructor(keys: string | undefined) {
    this.keys = splitKeys(keys).map((text) => {
      const secret = Buffer.from(text, 'base64');
      return { id: createHash('sha256').update(secret).digest('base64url').slice(0, 8), secret };
    });
  }

  /** An empty text stands for no token and stays empty. */
  seal(token: string): string {
    const [key] = this.keys;
    if (key === undefined || token === '') return token;
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key.secret, nonce);
    const text = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
    const parts = [nonce, cipher.getAuthTag(), text].map((part) => part.toString('base64url'));
    return [SCHEME, key.id, ...parts].join(':');
  }

  /** Whether a stored token is not sealed as {@link seal} would seal it now. */
  stale(stored: string): boolean {
    const [key] = this.keys;
    return key !== undefined && stored !== '' && !stored.startsWith(`${SCHEME}:${key.id}:`);
  }

  /** How a stored token is sealed: with the key that seals now, with an older one, or not at all; null for no token. */
  sealOf(stored: string): 'sealed' | 'old' | 'clear' | null {
    if (stored === '') return null;
    if (!stored.startsWith(`${SCHEME}:`)) return 'clear';
    return this.stale(stored) ? 'old' : 'sealed';
  }

  /** @throws {TokenVaultError} when the token was sealed with another key, or is damaged */
  open(stored: string): string {
    if (!stored.startsWith(`${SCHEME}:`)) return stored;
    const [, keyId, nonce, tag, text] = stored.split(':');
    if (this.keys.length === 0) {
      throw new TokenVaultError('the stored tokens are encrypted and TOKEN_ENCRYPTION_KEY is not set');
    }
    const key = this.keys.find(({ id }) => id === keyId);
    if (key === undefined) {
      const known = this.keys.map(({ id }) => id).join(', ');
      throw new TokenVaultError(
        `the stored tokens were encrypted with another key (key id ${keyId ?? '?'}, TOKEN_ENCRYPTION_KEY has ${known})`,
      );
    }
    try {
      const decipher = createDecipheriv('aes-256-gcm', key.secret, Buffer.from(nonce ?? '', 'base64url'), {
        // A shortened tag would be easier to forge.
        authTagLength: 16,
      });
      decipher.setAuthTag(Buffer.from(tag ?? '', 'base64url'));
      return Buffer.concat([
        decipher.update(Buffer.from(text ?? '', 'base64url')),
        decipher.final(),
      ]).toString('utf8');
    } catch {
      throw new TokenVaultError('a stored token is damaged');
    }
  }
}

/** The keys of a `TOKEN_ENCRYPTION_KEY`. */
export function splitKeys(keys: string | undefined): string[] {
  return (keys ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}
