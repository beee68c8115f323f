import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { topologyNames, topologyObjects } from '../../src/broker/topology.js';
import { asyncapiDocument } from '../../src/contract/asyncapi.js';

const require = createRequire(import.meta.url);
const specification = require('@asyncapi/specs/schemas/3.0.0.json') as object;

type Node = Record<string, unknown>;
const variant = (prefix: string) => ({ prefix, ownKeys: false, ownEnvelopes: false });
const written = readFileSync(new URL('../../docs/asyncapi.yaml', import.meta.url), 'utf8');

// It brings draft-07 itself, and is not written for ajv's strict mode.
const isAsyncapi = new Ajv({
  strict: false,
  validateFormats: false,
  meta: false,
  validateSchema: false,
}).compile(specification);

function faultsOf(document: unknown): unknown {
  return isAsyncapi(document) ? [] : isAsyncapi.errors;
}

/** Every `$ref` below a node, wherever. */
function references(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(references);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value] : references(value),
  );
}

function at(document: unknown, pointer: string): unknown {
  return pointer
    .slice(2)
    .split('/')
    .reduce<unknown>((node, key) => (node as Node | undefined)?.[key], document);
}

/** Exchanges and queues that the channels of a document name. */
function brokerNames(document: unknown): Set<string> {
  const channels = Object.values((document as { channels: Record<string, Node> }).channels);
  return new Set(
    channels.map((channel) => {
      const { amqp } = channel['bindings'] as {
        amqp: { exchange?: { name: string }; queue?: { name: string } };
      };
      return amqp.exchange?.name ?? amqp.queue?.name ?? '';
    }),
  );
}

describe('the AsyncAPI document', () => {
  it.each([
    ['as it is written', () => parse(written) as unknown],
    ['as it is served', () => parse(asyncapiDocument(variant('bitrix24'))) as unknown],
    [
      'with hooks',
      () => parse(asyncapiDocument({ prefix: 'p', ownKeys: true, ownEnvelopes: true })) as unknown,
    ],
  ])('is valid %s, and every reference in it leads somewhere', (_, read) => {
    const document = read();
    expect(faultsOf(document)).toEqual([]);
    const within = references(document).filter((reference) => reference.startsWith('#'));
    expect(within.length).toBeGreaterThan(20);
    for (const reference of within)
      expect([reference, at(document, reference)]).not.toEqual([reference, undefined]);
  });

  it('carries every schema of its files and refers to no file when served', () => {
    const files = references(parse(written)).filter((reference) => !reference.startsWith('#'));
    expect(files.length).toBeGreaterThan(10);
    const served = parse(asyncapiDocument(variant('bitrix24'))) as unknown;
    expect(references(served).filter((reference) => !reference.startsWith('#'))).toEqual([]);
    expect(at(served, '#/components/schemas/event/properties/attempt/type')).toBe('integer');
  });

  it('names what the bridge declares, under any prefix', () => {
    for (const prefix of ['bitrix24', 'crm-events.prod']) {
      const served = asyncapiDocument(variant(prefix));
      const declared = topologyObjects(topologyNames(prefix))
        .filter(({ kind }) => kind !== 'binding')
        .map((object) => ('name' in object ? object.name : ''));
      expect([...brokerNames(parse(served))].sort()).toEqual([...new Set(declared)].sort());
      if (prefix !== 'bitrix24')
        expect(served).not.toMatch(/\bbitrix24\.(events|replies|failures|dead|unrouted)/);
    }
  });
});
