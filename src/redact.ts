const LOGIN = /\b([a-z][a-z0-9+.-]*):\/\/[^\s/?#"]*@/gi;
const PASSWORD_PARAMETER = /([?&](?:ssl)?password=)[^\s&#"]*/gi;

/** Hides every known secret, and the logins in addresses, in a text. */
export function redact(text: string, secrets: Iterable<string>): string {
  let clean = text;
  for (const secret of secrets) if (secret !== '') clean = clean.replaceAll(secret, '***');
  return clean.replace(LOGIN, '$1://***@').replace(PASSWORD_PARAMETER, '$1***');
}

/**
 * The same of every text in a value that JSON can say. Whatever texts are secret, names of fields and the form stay:
 * some secrets were chosen by somebody else.
 */
export function redactValue(value: unknown, secrets: readonly string[]): unknown {
  if (value === undefined) return undefined;
  try {
    const texts: string[] = [];
    const json = stringify(value, (text) => {
      texts.push(text);
      return text;
    });
    // Thousands of secrets, of which a line has none: they are looked for once, not in every text by itself.
    const all = texts.join('\n');
    const found = secrets.filter((secret) => all.includes(secret));
    return JSON.parse(
      found.length === 0 && redact(all, []) === all ? json : stringify(value, (text) => redact(text, found)),
    ) as unknown;
  } catch {
    return '[unprintable]';
  }
}

function stringify(value: unknown, say: (text: string) => string): string {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part === 'string') return say(part);
    if (part instanceof Error) return say(part.stack ?? part.message);
    return typeof part === 'bigint' ? String(part) : part;
  });
}
