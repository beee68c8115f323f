import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';

/** In the package as in the repository, two folders up from here. */
const DOCS = new URL('../../docs/', import.meta.url);
/** The names on the broker as the document and its schemas write them. */
const DEFAULT_NAMES = /\bbitrix24(?=\.(?:events|unrouted|replies|failures|dead)\b)/g;

/** In what a bridge may differ from the default contract. */
export interface ContractVariant {
  /** First word of its names on the broker. */
  readonly prefix: string;
  /** The routing keys are the application's own. */
  readonly ownKeys: boolean;
  /** What events carry is the application's own. */
  readonly ownEnvelopes: boolean;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

/** The AsyncAPI document of a running bridge, in YAML: its names on the broker, every schema inside. */
export function asyncapiDocument({ prefix, ownKeys, ownEnvelopes }: ContractVariant): string {
  const read = (file: string) => readFileSync(new URL(file, DOCS), 'utf8').replace(DEFAULT_NAMES, prefix);
  const document = parse(read('asyncapi.yaml')) as {
    info: { description: string };
    components: { schemas: Record<string, JsonObject & { $ref?: string }> };
  };
  const { schemas } = document.components;
  const nameOf = new Map(Object.entries(schemas).map(([name, { $ref }]) => [$ref ?? '', name]));
  for (const [file, name] of nameOf) {
    schemas[name] = inlined(JSON.parse(read(file)) as JsonObject, name, nameOf) as JsonObject;
  }
  if (ownKeys) {
    document.info.description += ' This bridge makes its own routing keys.';
    for (const name of ['event', 'deadLetter']) {
      // Words of any characters.
      attribute(schemas[name], 'pattern')['pattern'] = '^[^.]+(\\.[^.]+)*$';
    }
  }
  if (ownEnvelopes) {
    document.info.description += ' This bridge puts its own data into events.';
    for (const name of ['event', 'deadLetter']) {
      const data = attribute(schemas[name], 'data');
      for (const keyword of Object.keys(data)) delete data[keyword];
    }
  }
  // Texts in one line each: so that a search finds them.
  return stringify(document, { lineWidth: 0 });
}

function attribute(schema: JsonObject | undefined, name: string): JsonObject {
  const { [name]: found } = schema?.['properties'] as { [key: string]: JsonObject };
  if (found === undefined) throw new Error(`no attribute ${name}`);
  return found;
}

/** A schema of a file of its own, as a part of the document: its references point into the document. */
function inlined(value: Json, name: string, nameOf: ReadonlyMap<string, string>): Json {
  if (Array.isArray(value)) return value.map((item) => inlined(item, name, nameOf));
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.entries(value).filter(([key]) => key !== '$schema');
  return Object.fromEntries(
    parts.map(([key, part]) => {
      if (key !== '$ref' || typeof part !== 'string') return [key, inlined(part, name, nameOf)];
      if (part.startsWith('#')) return [key, `#/components/schemas/${name}${part.slice(1)}`];
      return [key, `#/components/schemas/${nameOf.get(`./schemas/${part}`)}`];
    }),
  );
}
