import { BlockList, isIP } from 'node:net';

interface Exception {
  /** Host names in lower case: themselves and everything below them. */
  readonly name: string | null;
  /** With a leading `*.`: only what is below. */
  readonly belowOnly: boolean;
  readonly networks: BlockList | null;
  readonly port: number | null;
}

/**
 * Which addresses are reached without a proxy, as curl and Go read `NO_PROXY`: a name with all names below it, an
 * address, a network (`10.0.0.0/8`), each with a port or for all of them; `*` is everything. An entry that says nothing
 * of this kind is passed over, since the variable is shared with other programs. A name is never looked up for it.
 */
export class NoProxy {
  private readonly exceptions: readonly Exception[];
  private readonly everything: boolean;

  constructor(entries: readonly string[]) {
    this.everything = entries.includes('*');
    this.exceptions = entries.map(parse).filter((entry) => entry !== null);
  }

  includes(url: URL): boolean {
    if (this.everything) return true;
    const host = plain(url.hostname);
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    return this.exceptions.some(
      (entry) => (entry.port === null || entry.port === port) && covers(entry, host),
    );
  }
}

function covers({ name, belowOnly, networks }: Exception, host: string): boolean {
  const version = isIP(host);
  if (networks !== null) return version !== 0 && networks.check(host, version === 4 ? 'ipv4' : 'ipv6');
  if (name === null || version !== 0) return false;
  return host.endsWith(`.${name}`) || (host === name && !belowOnly);
}

function parse(entry: string): Exception | null {
  const text = entry.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '');
  const [, address = '', bits] = /^\[?([0-9a-f.:]+)\]?\/(\d{1,3})$/i.exec(text) ?? [];
  if (isIP(address) !== 0) return network(address, Number(bits), null);
  if (isIP(text) !== 0) return network(text, null, null);
  const [, host = '', digits] = /^(\[[^\]]*\]|[^:/]*)(?::(\d+))?\/?$/.exec(text) ?? [];
  const port = digits === undefined ? null : Number(digits);
  const inner = host.replace(/^\[|\]$/g, '');
  if (isIP(inner) !== 0) return network(inner, null, port);
  const name = host.replace(/^\*?\./, '');
  if (name === '' || !URL.canParse(`http://${name}`)) return null;
  return {
    name: plain(new URL(`http://${name}`).hostname),
    belowOnly: host.startsWith('*.'),
    networks: null,
    port,
  };
}

function network(address: string, bits: number | null, port: number | null): Exception | null {
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  if (bits !== null && bits > most) return null;
  const networks = new BlockList();
  networks.addSubnet(address, bits ?? most, version === 4 ? 'ipv4' : 'ipv6');
  return { name: null, belowOnly: false, networks, port };
}

/** Without brackets and the dot at the end. */
function plain(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
