import { type IncomingMessage } from 'node:http';
import { type RefusalReason } from './refusals.js';

/** How a request is answered that cannot be for us. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly status: 400 | 404 | 405 | 414;
}

/** What Express tells of its routes. */
export interface RoutedLayer {
  readonly route?:
    { readonly path: unknown; readonly methods?: Readonly<Record<string, unknown>> } | undefined;
}

/** The longest address of ours, a selection of events to which a log-in leads back, has some hundred characters. */
const MAX_URL_LENGTH = 4096;

/** The first words of all paths that are served, and the methods; null where every word may be one. */
export class KnownRoutes {
  private readonly words: ReadonlySet<string> | null;
  readonly methods: ReadonlySet<string>;

  constructor(layers: readonly RoutedLayer[]) {
    const words = new Set<string>();
    const methods = new Set<string>(['OPTIONS']);
    let open = false;
    for (const { route } of layers) {
      if (route === undefined) continue;
      const word = typeof route.path === 'string' ? firstWord(route.path) : '*';
      if (/[:*{(]/.test(word)) open = true;
      words.add(word);
      for (const method of Object.keys(route.methods ?? {})) methods.add(method.toUpperCase());
    }
    if (methods.has('GET')) methods.add('HEAD');
    this.words = open ? null : words;
    this.methods = methods;
  }

  /** Null: the application may know what to do with it. */
  refusalOf({ method = '', url = '', headers }: IncomingMessage): Refusal | null {
    if (url.length > MAX_URL_LENGTH) return { reason: 'url', status: 414 };
    if (!this.methods.has(method)) return { reason: 'method', status: 405 };
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
    if ((method === 'GET' || method === 'HEAD') && (encoding !== undefined || Number(length) !== 0)) {
      return { reason: 'body', status: 400 };
    }
    if (url.startsWith('/') && this.words !== null && !this.words.has(firstWord(url))) {
      return { reason: 'path', status: 404 };
    }
    return null;
  }
}

/** Of a path, without what may follow it; Express does not care about large and small letters. */
export function firstWord(path: string): string {
  return (/^\/([^/?#]*)/.exec(path)?.[1] ?? '').toLowerCase();
}
