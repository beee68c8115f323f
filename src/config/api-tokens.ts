/** What a token of the API may do: look, or act as well. */
type ApiRight = 'read' | 'operate';

/** A token of the API. */
export interface ApiToken {
  readonly name: string;
  readonly right: ApiRight;
  readonly secret: string;
}

const MIN_LENGTH = 32;
const MAX_LENGTH = 256;
/** Of 32 random hexadecimal digits fewer come once in millions; a word that is repeated has fewer. */
const MIN_DIFFERENT = 8;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** What may follow `Bearer` (RFC 6750). */
const SECRET = /^[A-Za-z0-9._~+/-]+=*$/;

/** The tokens of `API_TOKEN`, which {@link faultOfApiTokens} has nothing against. */
export function readApiTokens(text: string | undefined): readonly ApiToken[] {
  return splitTokens(text ?? '').map(({ name, right, secret }) => ({
    name,
    right: right === 'operate' ? 'operate' : 'read',
    secret,
  }));
}

/** What is wrong with a value of `API_TOKEN`, without repeating any of its secrets; null where nothing is. */
export function faultOfApiTokens(text: string): string | null {
  const tokens = splitTokens(text);
  if (tokens.length === 0) return 'names no token';
  for (const [index, token] of tokens.entries()) {
    const fault = faultOf(token);
    if (fault !== null) return `token ${index + 1} ${fault}`;
  }
  if (new Set(tokens.map(({ name }) => name)).size < tokens.length) return 'has two tokens of one name';
  if (new Set(tokens.map(({ secret }) => secret)).size < tokens.length) return 'has two tokens of one secret';
  return null;
}

function splitTokens(text: string): { name: string; right: string; secret: string }[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', right = '', ...rest] = part.split(':');
      return { name, right, secret: rest.join(':') };
    });
}

function faultOf({ name, right, secret }: { name: string; right: string; secret: string }): string | null {
  // What has no colons may be a secret alone.
  if (right === '' || secret === '') return 'is not <name>:<read or operate>:<secret>';
  if (!NAME.test(name)) return 'has a name that is not 1 to 64 of the characters A-Z a-z 0-9 . _ -';
  if (right !== 'read' && right !== 'operate') return 'has a right that is neither read nor operate';
  if (secret.length < MIN_LENGTH || secret.length > MAX_LENGTH)
    return `has a secret that is not ${MIN_LENGTH} to ${MAX_LENGTH} characters long (make one with: openssl rand -hex 32)`;
  if (!SECRET.test(secret))
    return 'has a secret with characters other than A-Z a-z 0-9 . _ ~ + / - and = at its end';
  if (new Set(secret).size < MIN_DIFFERENT)
    return `has a secret of fewer than ${MIN_DIFFERENT} different characters (make one with: openssl rand -hex 32)`;
  return null;
}
