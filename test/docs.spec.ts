import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { clientNames } from '../scripts/example-clients.mjs';
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
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...[...filesIn('docs'), ...filesIn('deploy')].filter((name) => name.endsWith('.md')),
];

/** Names of all files of code, without their folders. */
const sources = new Set(
  ['src', 'test', 'scripts', 'emulator', 'examples', 'bench'].flatMap(filesIn).map((name) => basename(name)),
);

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

  it('has every page, and every section of it, that code and manifests send their readers to', () => {
    const named = ['src', 'deploy', 'scripts', 'examples']
      .flatMap(filesIn)
      .concat('.env.example', 'docker-compose.yml', 'Dockerfile')
      .filter(
        (name) => !name.includes('node_modules') && /\.(ts|mjs|js|ya?ml|json|example)$|file$/.test(name),
      )
      .flatMap((name) =>
        [
          ...read(name).matchAll(/(?<![\w./-])((?:docs\/[\w./-]*|README|CONTRIBUTING)\.md)(?:#([\w-]+))?/g),
        ].map(([, page = '', anchor]) => ({ name, page, anchor })),
      );
    expect(named.length).toBeGreaterThan(40);
    const lost = named.filter(
      ({ page, anchor }) =>
        !existsSync(join(root, page)) || (anchor !== undefined && !anchorsOf(read(page)).includes(anchor)),
    );
    expect(lost).toEqual([]);
  });

  it.each(documents.filter((name) => name !== 'CHANGELOG.md'))(
    '%s: every file of the project that it names is there',
    (document) => {
      const named = [...read(document).matchAll(/`([\w./-]+)`/g)].map(([, name = '']) => name);
      const paths = named.filter((name) =>
        /^(src|test|scripts|emulator|examples|bench|deploy|docs|\.ci|\.github)\//.test(name),
      );
      expect(paths.filter((name) => !existsSync(join(root, name)))).toEqual([]);
      const bare = named.filter((name) => /^[\w-]+(\.[\w-]+)?\.m?ts$/.test(name));
      expect(bare.filter((name) => !sources.has(name))).toEqual([]);
    },
  );

  it('names only commands that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const ours = [...read('docs/command-line.md').matchAll(/^##+ `([a-z-]+)(?: ([a-z-]+))?/gm)].map(
      ([, first = '', second]) => (second === undefined ? first : `${first} ${second}`),
    );
    const groups = new Set(ours.filter((name) => name.includes(' ')).map((name) => name.split(' ')[0]));
    const unknown = documents
      .filter((name) => name !== 'CHANGELOG.md')
      .flatMap((document) => {
        const text = read(document);
        const npm = [...text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, name = '']) => name);
        const bridge = [
          ...text.matchAll(/(?:npx bitrix24-bridge|dist\/cli\/main\.js) ([a-z-]+)(?: ([a-z-]+))?/g),
        ].map(([, first = '', second = '']) => (groups.has(first) ? `${first} ${second}` : first));
        return [
          ...npm.filter((name) => scripts[name] === undefined).map((name) => `${document}: npm run ${name}`),
          ...bridge
            .filter((name) => !ours.includes(name))
            .map((name) => `${document}: bitrix24-bridge ${name}`),
        ];
      });
    expect(ours.length).toBeGreaterThan(8);
    expect(unknown).toEqual([]);
  });

  it('tells contributors what is in every folder of the code', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    const [, table = ''] = read('CONTRIBUTING.md').split(/^## Rooms$/m);
    const named = [...(table.split(/^## /m)[0] ?? '').matchAll(/`src\/([\w-]+)\/`/g)].map(([, name]) => name);
    expect(named.sort()).toEqual(folders.sort());
  });

  it('begins with a README of at most 1,200 words', () => {
    expect(
      read('README.md')
        .split(/\s+/)
        .filter((word) => word !== '').length,
    ).toBeLessThanOrEqual(1200);
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
    const [, excerpt = ''] = /```\n(\d+ s of 30 s; [^`]*)```/.exec(readme) ?? [];
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

describe('what each attacker can do', () => {
  const page = read('docs/security.md');
  const [, attackers = ''] = /^## Who can do what$([^]*?)^## /m.exec(page) ?? [];
  const specs = (text: string) =>
    [...text.matchAll(/`((?:src|test)\/[\w./-]+\.ts)`/g)].map(([, path = '']) => path);

  it('names in every line a test, and every test is there', () => {
    const lines = attackers
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (-|tries|reads)/.test(line));
    expect(lines.length).toBeGreaterThan(30);
    expect(lines.filter((line) => specs(line).length === 0)).toEqual([]);
    const named = [...specs(page), ...specs(read('docs/threat-model.md'))];
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('names every attack that there is', () => {
    const attacks = filesIn('test/security').filter((path) => path.endsWith('.spec.ts'));
    expect(attacks.filter((path) => !specs(attackers).includes(path))).toEqual([]);
  });
});

describe('the guide to client libraries', () => {
  const guide = read('docs/clients.md');
  /** Folder in examples/clients by the section that names it as its program. */
  const programs = new Map(
    guide
      .split(/^### /m)
      .slice(1)
      .map((section) => {
        const title = section.slice(0, section.indexOf('\n'));
        const [, folder] = /^Program: \[examples\/clients\/([\w-]+)\]/m.exec(section) ?? [];
        return [title, { folder, section }] as const;
      }),
  );

  it('has a program, run by npm run examples, for every client that it does not call untested', () => {
    expect(programs.size).toBe(16);
    for (const [client, { folder, section }] of programs) {
      if (folder === undefined) {
        expect({ client, untested: /^No program: /m.test(section) }).toEqual({ client, untested: true });
        continue;
      }
      expect({ client, isRun: clientNames.includes(folder) }).toEqual({ client, isRun: true });
      const [, file = ''] = /\]\(\.\.\/(examples\/clients\/[^)]+)\)/.exec(section) ?? [];
      expect({
        client,
        exists: file.startsWith(`examples/clients/${folder}/`) && existsSync(join(root, file)),
      }).toEqual({ client, exists: true });
    }
  });

  it('tells of every program that there is', () => {
    const folders = readdirSync(join(root, 'examples/clients'));
    const told = [...programs.values()].flatMap(({ folder }) => folder ?? []);
    expect(told.sort()).toEqual(folders.sort());
    expect([...clientNames].sort()).toEqual(folders);
  });

  it('says of each how to attach, how to fail an event, and what its traps are', () => {
    for (const [client, { section }] of programs) {
      const points = [...section.matchAll(/^- \*\*(\w+)\*\*:/gm)].map(([, point]) => point);
      expect({ client, points }).toEqual({ client, points: ['Attach', 'Fail', 'Traps'] });
      const row = guide.split('\n').filter((line) => line.startsWith(`| [${client}](`));
      expect({ client, rows: row.length }).toEqual({ client, rows: 1 });
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
    const text = read(file);
    // Only what may have one is taken apart: a level, and the member that names it or the level as a text.
    if (!/\b(?:debug|info|warn|error)\b/.test(text)) continue;
    if (!/\bevent\b|['"`](?:debug|info|warn|error)['"`]/.test(text)) continue;
    const source = ts.createSourceFile(file, text, {
      languageVersion: ts.ScriptTarget.Latest,
      jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
    });
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) {
        const [fields, second] = node.arguments;
        const levels = levelsOf(node.expression, source);
        // A helper that is told level and name.
        if (fields !== undefined && ts.isStringLiteral(fields) && LEVELS.includes(fields.text)) {
          if (second !== undefined && ts.isStringLiteral(second) && second.text.includes('.'))
            note(second.text, [fields.text]);
        }
        const name =
          fields !== undefined && ts.isObjectLiteralExpression(fields)
            ? propertyOf(fields, 'event', source)
            : undefined;
        if (levels.length > 0 && name !== undefined) {
          // Whoever searches the code for a line's name has to find it.
          if (!ts.isStringLiteral(name))
            throw new Error(`${file}: the name of a log line is not a literal: ${name.getText(source)}`);
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
function levelsOf(callee: ts.Expression, source: ts.SourceFile): string[] {
  if (ts.isPropertyAccessExpression(callee)) return LEVELS.filter((level) => level === callee.name.text);
  if (!ts.isElementAccessExpression(callee)) return [];
  return LEVELS.filter((level) => callee.argumentExpression.getText(source).includes(`'${level}'`));
}

function propertyOf(
  object: ts.ObjectLiteralExpression,
  name: string,
  source: ts.SourceFile,
): ts.Expression | undefined {
  const found = object.properties.find((property) => property.name?.getText(source) === name);
  return found !== undefined && ts.isPropertyAssignment(found) ? found.initializer : undefined;
}

describe('the log lines', () => {
  const lines = logLines();
  const [, section = ''] = read('docs/operations/log-and-metrics.md').split(/^## Log lines$/m);
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

describe('the lines of portals check and doctor', () => {
  /** What stands first in a line, by the texts of the code: its findings, or what they are named by. */
  const subjects = (files: readonly string[]) =>
    new Set(
      files.flatMap((name) =>
        [...read(name).matchAll(/(?:\b(?:ok|note|wrong)\(\s*|\bsubject = )'([^']+)'/g)].map(
          ([, subject = '']) => subject,
        ),
      ),
    );
  const rows = (heading: string) => {
    const [, section = ''] = read('docs/command-line.md').split(`${heading}\n`);
    const [table = ''] = section.split(/^##/m);
    return [...table.matchAll(/^\| (`[^|]+`) +\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, subject = '']) => subject),
    );
  };

  it.each([
    ['### `portals check <portal>`', ['src/cli/portals/check-portal.ts']],
    ['## `doctor`', filesIn('src/cli/doctor')],
  ])('%s are all explained in the manual', (heading, files) => {
    const made = subjects(files);
    expect(made.size).toBeGreaterThan(10);
    expect([...made].filter((subject) => !rows(heading).includes(subject))).toEqual([]);
  });
});
