import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** A stored token cannot be read with the key that is set. */
export class TokenVaultError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TokenVaultError';
  }
}

const SCHEME = 'aes256gcm';

/**
 * Seals tokens before they are stored: `aes256gcm:<key id>:<nonce>:<tag>:<text>`, each part base64url. Without a
 * key they are stored as they are, and what was stored so can still be read once a key is set.
 */
export class TokenVault {
  private readonly key: Buffer | null;
  /** Tells which key sealed a token without telling the key. */
  private readonly keyId: string;

  /** @param key 32 bytes in base64, already validated; undefined to store in clear */
  constructor(key: string | undefined) {
    this.key = key === undefined ? null : Buffer.from(key, 'base64');
    this.keyId =
      this.key === null ? '' : createHash('sha256').update(this.key).digest('base64url').slice(0, 8);
  }

  get sealing(): boolean {
    return this.key !== null;
  }

  seal(token: string): string {
    if (this.key === null) return token;
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce);
    const text = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
    const parts = [nonce, cipher.getAuthTag(), text].map((part) => part.toString('base64url'));
    return [SCHEME, this.keyId, ...parts].join(':');
  }

  /** @throws {TokenVaultError} when the token was sealed with another key, or is damaged */
  open(stored: string): string {
    if (!stored.startsWith(`${SCHEME}:`)) return stored;
    const [, keyId, nonce, tag, text] = stored.split(':');
    if (this.key === null) {
      throw new TokenVaultError('the stored tokens are encrypted and TOKEN_ENCRYPTION_KEY is not set');
    }
    if (keyId !== this.keyId) {
      throw new TokenVaultError(
        `the stored tokens were encrypted with another key (key id ${keyId ?? '?'}, TOKEN_ENCRYPTION_KEY has ${this.keyId})`,
      );
    }
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.key, Buffer.from(nonce ?? '', 'base64url'));
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
