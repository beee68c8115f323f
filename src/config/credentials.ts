/**
 * An address with the user and the password that it lacks, percent-encoded. What it has of its own stays: a password
 * goes with the user that it was given for, or with the one in the address.
 */
export function withCredentials(address: string, user = '', password?: string): string {
  const [, scheme, authority = '', rest = ''] = /^([a-z]+:\/\/)([^/?#]*)(.*)$/s.exec(address) ?? [];
  if (scheme === undefined) return address;
  const end = authority.lastIndexOf('@');
  const own = authority.slice(0, Math.max(end, 0));
  if (own.includes(':')) return address;
  const name = own === '' ? encodeURIComponent(user) : own;
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
  const credentials = name + secret;
  return credentials === '' ? address : `${scheme}${credentials}@${authority.slice(end + 1)}${rest}`;
}
