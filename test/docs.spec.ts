import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { anchorsOf, linksOf } from './support/markdown.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));

const documents = [
  'README.md',
  'CHANGELOG.md',
  ...[...filesIn('docs'), ...filesIn('deploy')].filter((name) => name.endsWith('.md')),
];

/** Links of a document to something of ours, as path from the root and anchor; `/`-less schemes are not ours. */
function ownLinks(document: string): { line: number; path: string; anchor: string }[] {
  return linksOf(read(document))
    .filter(({ target }) => !/^[a-z][a-z0-9+.-]*:/i.test(target))
    .map(({ target, line }) => {
      const [file = '', anchor = ''] = target.split('#');
      const path =
        file === '' ? document : relative(root, join(root, dirname(document), decodeURIComponent(file)));
      return { line, path, anchor };
    });
}

describe('the documentation', () => {
  it.each(documents)('%s: every link of ours leads somewhere', (document) => {
    const broken = ownLinks(document).filter(({ path, anchor }) => {
      if (path.startsWith('..') || !existsSync(join(root, path))) return true;
      return anchor !== '' && (!path.endsWith('.md') || !anchorsOf(read(path)).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it('has links', () => {
    expect(documents.length).toBeGreaterThan(10);
    expect(documents.flatMap(ownLinks).length).toBeGreaterThan(40);
  });

  it('is reachable from the README as a whole', () => {
    const reached = new Set(['README.md']);
    for (const document of reached) {
      // The contract's document leads to its schemas, and they to each other.
      for (const [, schema] of document.endsWith('.md')
        ? []
        : read(document).matchAll(/(?:\$ref["']?: *["']?\.?\/?|schemas\/)([\w./-]+\.json)/g)) {
        const path = join('docs/schemas', String(schema).replace(/^schemas\//, ''));
        if (existsSync(join(root, path))) reached.add(path);
      }
      if (!document.endsWith('.md')) continue;
      for (const { path } of ownLinks(document)) {
        const target = statSync(join(root, path)).isDirectory() ? join(path, 'README.md') : path;
        if (existsSync(join(root, target))) reached.add(target);
      }
    }
    expect(filesIn('docs').filter((name) => !reached.has(name))).toEqual([]);
  });

  it('shows of the demo and of the benchmark what they printed, and nothing else', () => {
    const readme = read('README.md');
    const [, excerpt = ''] = /```\n(\d+ s of 30 s: [^`]*)```/.exec(readme) ?? [];
    const printed = read('docs/demo.txt').split('\n');
    const quoted = excerpt.split('\n').filter((line) => line !== '' && line !== '…');
    expect(quoted.filter((line) => !printed.includes(line))).toEqual([]);
    expect(quoted.at(-1)).toBe('The books balance.');

    const report = read('docs/bench/report.txt').replace(/ {2,}/g, ' | ');
    const rows = [
      ...readme.matchAll(/^\| (events\S* \S[^|]*?) +\| ([\d.]+) +\| ([\d.]+) +\| ([\d.]+) × \|$/gm),
    ];
    expect(rows.length).toBeGreaterThan(2);
    for (const [, what = '', naive = '', bridge = '', ratio = ''] of rows) {
      expect(report).toContain(`naive: ${what} | ${naive} `);
      expect(report).toContain(`bridge: ${what} | ${bridge} `);
      expect(report).toContain(`${what}, bridge ÷ naive | ${ratio} ×`);
    }
    const [, lag = ''] = /([\d.]+) ms \(p99\)/.exec(readme) ?? [];
    expect(report).toContain(`p99 above the portal's service time | ${lag} ms`);
  });

  it('has every heading once in a document, so that an anchor names one section', () => {
    for (const document of documents.filter((name) => name !== 'CHANGELOG.md')) {
      const anchors = anchorsOf(read(document));
      expect({
        document,
        twice: anchors.filter((anchor, index) => anchors.indexOf(anchor) !== index),
      }).toEqual({ document, twice: [] });
    }
  });
});

/** Name and level of every log line of the service. */
function logLines(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const note = (name: string, levels: readonly string[]) => {
    found.set(name, new Set([...(found.get(name) ?? []), ...levels]));
  };
  for (const file of filesIn('src').filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))) {
    const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) {
        const [fields, text] = node.arguments;
        const levels = levelsOf(node.expression);
        // A helper that is told level and name.
        if (fields !== undefined && ts.isStringLiteral(fields) && LEVELS.includes(fields.text)) {
          if (text !== undefined && ts.isStringLiteral(text) && text.text.includes('.'))
            note(text.text, [fields.text]);
        }
        const name =
          fields !== undefined && ts.isObjectLiteralExpression(fields)
            ? propertyOf(fields, 'event')
            : undefined;
        if (levels.length > 0 && name !== undefined) {
          // Whoever searches the code for a line's name has to find it.
          if (!ts.isStringLiteral(name))
            throw new Error(`${file}: the name of a log line is not a literal: ${name.getText()}`);
          note(name.text, levels);
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

const LEVELS = ['debug', 'info', 'warn', 'error'];

/** `log.warn` or `log[last ? 'error' : 'warn']`. */
function levelsOf(callee: ts.Expression): string[] {
  if (ts.isPropertyAccessExpression(callee)) return LEVELS.filter((level) => level === callee.name.text);
  if (!ts.isElementAccessExpression(callee)) return [];
  return LEVELS.filter((level) => callee.argumentExpression.getText().includes(`'${level}'`));
}

function propertyOf(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const found = object.properties.find((property) => property.name?.getText() === name);
  return found !== undefined && ts.isPropertyAssignment(found) ? found.initializer : undefined;
}

describe('the log lines', () => {
  const lines = logLines();
  const [, section = ''] = read('docs/operations.md').split(/^## Log lines$/m);
  const [table = ''] = section.split(/^## /m);
  const rows = [...table.matchAll(/^\| `([^`]+)` +\| ([a-z, ]+?) +\| (\S.*) \|$/gm)].map(
    ([, name = '', levels = '']) => ({ name, levels: levels.split(', ') }),
  );

  it('are found in the code wherever they are written', () => {
    const written = filesIn('src')
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
      .flatMap((name) =>
        [
          ...read(name).matchAll(
            /(?:\bevent: '|\('(?:debug|info|warn|error)', '(?=\w+\.))([a-z_]+(?:\.[a-z_]+)?)'/g,
          ),
        ].map(([, event = '']) => event),
      );
    expect([...lines.keys()].sort()).toEqual([...new Set(written)].sort());
    expect(lines.size).toBeGreaterThan(40);
  });

  it('are all explained in the manual, which explains no other', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual([...lines.keys()].sort());
  });

  it('have the levels that the manual gives', () => {
    const ofCode = Object.fromEntries([...lines].map(([name, levels]) => [name, [...levels].sort()]));
    expect(Object.fromEntries(rows.map(({ name, levels }) => [name, [...levels].sort()]))).toEqual(ofCode);
  });
});
