import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A home for a RabbitMQ server in `folder`: links to the installed one, with those plugins in front that the node needs.
 * Erlang looks for each of some hundreds of modules in every plugin's folder before it comes to its own, and with all
 * seventy of them that is nearly half of what a start costs.
 * @param server the installed start script
 * @param plugins those to be enabled
 * @returns the start script of that home and, as arguments for Erlang, the folders of the other plugins, to be looked
 *   into last; the installed script where it does not lie in a home of the usual form
 */
export function lightHome(server, folder, plugins) {
  const installed = dirname(dirname(realpathSync(server)));
  const all = join(installed, 'plugins');
  const folders = existsSync(all)
    ? readdirSync(all).filter((name) => existsSync(join(all, name, 'ebin')))
    : [];
  const needed = folders.filter(isOneOf(withDependencies(all, folders, ['rabbit', ...plugins])));
  const script = join(folder, 'home', 'sbin', 'rabbitmq-server');
  // The server's scripts do not quote paths.
  if (needed.length === 0 || /\s/.test(installed + folder)) return { server, erlang: '' };
  mkdirSync(join(folder, 'home', 'plugins'), { recursive: true });
  for (const name of readdirSync(installed).filter((other) => other !== 'plugins'))
    symlinkSync(join(installed, name), join(folder, 'home', name));
  for (const name of needed) symlinkSync(join(all, name), join(folder, 'home', 'plugins', name));
  const others = folders.filter((name) => !needed.includes(name)).map((name) => join(all, name, 'ebin'));
  return { server: script, erlang: ['-pz', ...others].join(' ') };
}

/** Names of applications, and of those that they say they need. */
function withDependencies(all, folders, names) {
  const found = new Set();
  for (const waiting = [...names]; waiting.length > 0;) {
    const name = waiting.pop();
    if (found.has(name)) continue;
    found.add(name);
    for (const folder of folders.filter(isOneOf(new Set([name])))) {
      const description = join(all, folder, 'ebin', `${name}.app`);
      if (!existsSync(description)) continue;
      const [, list = ''] =
        /\{\s*applications\s*,\s*\[([^\]]*)\]/.exec(readFileSync(description, 'utf8')) ?? [];
      waiting.push(...(list.match(/[a-z]\w*/g) ?? []));
    }
  }
  return found;
}

/** A plugin's folder is called by its name and its version. */
const isOneOf = (names) => (folder) => names.has(folder.replace(/-\d.*$/, ''));
