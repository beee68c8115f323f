import { hostname, userInfo } from 'node:os';
import { type Actor } from '../../audit/actor.js';

/**
 * Who has called this command, as the operating system knows them: `alice@host`. By `sudo`, both: `alice as root@host`;
 * the first then is what sudo says in SUDO_USER.
 */
export function operatingSystemUser(env: Readonly<Record<string, string | undefined>> = process.env): Actor {
  const user = userName();
  const behind = env['SUDO_USER'] ?? '';
  const name = behind === '' || behind === user ? user : `${behind} as ${user}`;
  return { kind: 'cli', name: `${name}@${hostname()}` };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id without a name.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
