import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compileFromFile } from 'json-schema-to-typescript';

const FOLDER = fileURLToPath(new URL('../../docs/schemas/', import.meta.url));
const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
const files = readdirSync(FOLDER);

type Node = Readonly<Record<string, unknown>>;

const CONSUMER = `
import type { Event } from './event';
import type { ReplyToOneEvent } from './reply-single';
import type { ReplyToSeveralEventsOfOneBatch } from './reply-group';
import type { AnswerOfANestJSServer } from './reply-nest';

export function fail(event: Event, reason: string): ReplyToSeveralEventsOfOneBatch {
  return { portal: event.portal, process_id: event.processid, message_id: [event.messageid], reason };
}
export const done: ReplyToOneEvent = { status: 'processed' };
export function told(reply: ReplyToSeveralEventsOfOneBatch): [string, string[], string | null | undefined] {
  return [reply.process_id, reply.message_id, reply.reason];
}
export const thrown: AnswerOfANestJSServer = { err: 'no stock', isDisposed: true };
`;

/** Each of them is one fault. */
const WRONG = [
  "export const no: ReplyToOneEvent = { status: 'maybe' };",
  'export const no: AnswerOfANestJSServer = 7;',
  "export const no: ReplyToSeveralEventsOfOneBatch = { portal: 'acme' };",
];

/** Schemas that a generator makes a type of its own of, with where they stand. */
function ownTypes(node: unknown, where: string): [string, Node][] {
  if (typeof node !== 'object' || node === null) return [];
  const { properties, items, anyOf, definitions } = node as Record<string, unknown>;
  const isType = properties !== undefined || anyOf !== undefined || items !== undefined;
  const inside = [
    ...Object.entries(properties ?? {}),
    ...Object.entries(definitions ?? {}),
    ['items', items],
  ];
  return [
    ...(isType ? [[where, node as Node] satisfies [string, Node]] : []),
    ...inside.flatMap(([name, part]) => ownTypes(part, `${where}/${String(name)}`)),
  ];
}

describe('types made of the schemas', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'schema-types-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('carry a consumer, and refuse what the contract refuses', async () => {
    for (const file of files) {
      const text = await compileFromFile(join(FOLDER, file), { cwd: FOLDER, bannerComment: '' });
      writeFileSync(join(folder, file.replace('.json', '.d.ts')), text);
    }
    const programs: Record<string, string> = { 'consumer.ts': CONSUMER };
    WRONG.forEach((line, index) => (programs[`wrong-${index}.ts`] = `${CONSUMER}\n${line}\n`));
    for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, name), text);
    // The types made of the schemas are checked; TypeScript's own are not.
    const checked = { strict: true, skipDefaultLibCheck: true };
    const compilerOptions = { ...checked, noEmit: true, target: 'es2022', lib: ['es2022'], types: [] };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: Object.keys(programs) }),
    );
    const { stdout } = spawnSync(process.execPath, [TSC, '-p', '.', '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    });
    const faulty = [...stdout.matchAll(/^([\w-]+\.(?:d\.)?ts)\(\d+,\d+\): error/gm)].map(([, file]) => file);
    expect([stdout, faulty.sort()]).toEqual([stdout, WRONG.map((_, index) => `wrong-${index}.ts`)]);
  });

  it('all have names: every schema that becomes one has a title, and no two the same', () => {
    const titles: unknown[] = [];
    for (const file of files) {
      const schema = JSON.parse(readFileSync(`${FOLDER}${file}`, 'utf8')) as unknown;
      for (const [where, { title }] of ownTypes(schema, file)) {
        expect([where, title]).toEqual([where, expect.stringMatching(/^[A-Z]/)]);
        titles.push(title);
      }
    }
    expect(titles.length).toBeGreaterThan(15);
    expect(new Set(titles).size).toBe(titles.length);
  });
});
