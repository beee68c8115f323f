import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Asset {
  readonly type: string;
  readonly content: Buffer;
}

const OWN = ['dashboard.css', 'dashboard.js', 'connection.js', 'copy.js', 'times.js', 'icon.svg'] as const;
const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The files that pages load, read once; everything is served from here, nothing from elsewhere. */
export class Assets {
  private readonly files = new Map<string, Asset>();
  /** Where they are: another address for another content, so that browsers may keep them. */
  readonly path: string;

  constructor() {
    for (const name of OWN) this.add(name, new URL(`../assets/${name}`, import.meta.url));
    this.add('idiomorph.js', new URL(import.meta.resolve('idiomorph')));
    const hash = createHash('sha256');
    for (const { content } of this.files.values()) hash.update(content);
    this.path = `/assets/${hash.digest('hex').slice(0, 12)}`;
  }

  get(name: string): Asset | undefined {
    return this.files.get(name);
  }

  private add(name: string, address: URL): void {
    const type = TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    this.files.set(name, { type, content: readFileSync(fileURLToPath(address)) });
  }
}
