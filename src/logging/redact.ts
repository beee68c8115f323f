const LOGIN = /\b([a-z][a-z0-9+.-]*):\/\/[^\s/?#"]*@/gi;
const PASSWORD_PARAMETER = /([?&](?:ssl)?password=)[^\s&#"]*/gi;

/** The secrets that a text holds; it may name others too. */
export type SecretsIn = (text: string) => Iterable<string>;

/** Hides every known secret, and the logins in addresses, in a text. */
export function redact(text: string, secrets: Iterable<string>): string {
  let clean = text;
  for (const secret of secrets) if (secret !== '') clean = clean.replaceAll(secret, '***');
  return clean.replace(LOGIN, '$1://***@').replace(PASSWORD_PARAMETER, '$1***');
}

/**
 * The same of every text in a value that JSON can say. Whatever texts are secret, names of fields and the form stay:
 * some secrets were chosen by others.
 */
export function redactValue(value: unknown, secretsIn: SecretsIn): unknown {
  if (value === undefined) return undefined;
  try {
    const texts: string[] = [];
    let long = false;
    const json = stringify(value, (text) => {
      long ||= text.length > LONGEST_TEXT;
      texts.push(text.slice(0, LONGEST_TEXT + LONGEST_SECRET));
      return text;
    });
    const all = texts.join('\n');
    const found = [...secretsIn(all)].filter((secret) => secret !== '' && all.includes(secret));
    const clean = !long && found.length === 0 && redact(all, []) === all;
    return JSON.parse(
      clean ? json : stringify(value, (text) => redact(shortened(text, found), found)),
    ) as unknown;
  } catch {
    return '[unprintable]';
  }
}

/** One line tells of one thing: whatever a portal or a consumer sent, no text of it is longer than this. */
const LONGEST_TEXT = 10_000;
const LONGEST_SECRET = 4000;

/** Cut where no secret is cut: half of one would not be recognised. */
function shortened(text: string, secrets: readonly string[]): string {
  if (text.length <= LONGEST_TEXT) return text;
  let end = LONGEST_TEXT;
  for (const secret of secrets) {
    const at = text.lastIndexOf(secret, end - 1);
    if (at >= 0 && at + secret.length > end) end = at;
  }
  return `${text.slice(0, end).replace(/[\ud800-\udbff]$/, '')}… (${text.length} characters)`;
}

function stringify(value: unknown, say: (text: string) => string): string {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part === 'string') return say(part);
    if (part instanceof Error) return say(part.stack ?? part.message);
    return typeof part === 'bigint' ? String(part) : part;
  });
}
