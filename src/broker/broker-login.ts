import { credentials } from 'amqplib';

/** What AMQP asks of a client that gives a name and a password. */
type Login = ReturnType<typeof credentials.plain>;

/**
 * The login that an address names, to be given beside it: amqplib itself misreads percent-encoded characters beyond
 * ASCII. Undefined where the address names none.
 */
export function loginOf(url: string): Login | undefined {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return undefined;
  return credentials.plain(decoded(username), decoded(password));
}

/** The addresses as a connection manager takes them, each with its login and the options of all. */
export function brokersOf<O extends object>(
  urls: readonly string[],
  options: O,
): { url: string; connectionOptions: O & { credentials?: Login } }[] {
  return urls.map((url) => {
    const login = loginOf(url);
    return { url, connectionOptions: login === undefined ? options : { ...options, credentials: login } };
  });
}

/** Text that is no percent-encoding stands for itself. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
