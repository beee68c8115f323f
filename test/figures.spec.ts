import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';

/**
 * Figures of the documentation that the code decides. A page names them at its end, in a comment that no reader sees:
 * a phrase of the page, and the constant that says so with the name of its file, or the setting and `settings`.
 */
const root = join(import.meta.dirname, '..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const pages = [
  'README.md',
  'README.ru.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name)),
]
  .filter((name) => name.endsWith('.md'))
  .map((name) => {
    const [, block = ''] =
      /<!-- figures, compared with the code by test\/figures\.spec\.ts\n([^]*?)-->/.exec(read(name)) ?? [];
    const figures = block
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => {
        const [, phrase, constant, file] = /^(.+) = (\w+) in ([\w.-]+)$/.exec(line) ?? [];
        if (phrase === undefined || constant === undefined || file === undefined)
          throw new Error(`${name}: not "<phrase> = <CONSTANT> in <file>": ${line}`);
        return { phrase, constant, file };
      });
    return {
      name,
      prose: read(name)
        .replace(/<!--[^]*?-->/g, '')
        .replace(/\s+/g, ' '),
      figures,
    };
  })
  .filter(({ figures }) => figures.length > 0);

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);

/** What the code says: of a constant, or of a setting's default. */
function valueInCode(constant: string, file: string): number {
  const found = sources
    .filter((name) =>
      file === 'settings'
        ? read(join('src', name)).includes('\nexport class Settings {')
        : basename(name) === file,
    )
    .flatMap((name) => [
      ...read(join('src', name)).matchAll(
        new RegExp(`^(?:export |  )?(?:const )?${constant}(?:: number)? = ([\\d_.* ]+);$`, 'gm'),
      ),
    ]);
  if (found.length !== 1) throw new Error(`${constant} is ${found.length} times in ${file}`);
  return Number(runInNewContext(found[0]?.[1] ?? ''));
}

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  seconds: 1000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hours: 3_600_000,
  days: 86_400_000,
  KiB: 1024,
  MiB: 1024 * 1024,
};

/** The one number of a phrase, in the unit that the constant has by its name. */
function valueInWords(phrase: string, constant: string): number {
  const numbers = [...phrase.matchAll(/(?<![\w.])(\d[\d,.]*\d|\d)(?: (\w+))?/g)];
  if (numbers.length !== 1) throw new Error(`not one number: ${phrase}`);
  const [, digits = '', word = ''] = numbers[0] ?? [];
  const number = Number(digits.replaceAll(',', ''));
  const unit = UNITS[word] ?? 1;
  return (number * unit) / (constant.endsWith('SECONDS') ? 1000 : 1);
}

describe('figures of the documentation', () => {
  it('are compared', () => {
    expect(pages.flatMap(({ figures }) => figures).length).toBeGreaterThan(30);
  });

  describe.each(pages)('$name', ({ prose, figures }) => {
    it.each(figures)('$phrase: $constant in $file', ({ phrase, constant, file }) => {
      // The whole page would hide what is missing.
      expect({ phrase, isThere: prose.includes(phrase) }).toEqual({ phrase, isThere: true });
      expect(valueInWords(phrase, constant)).toBe(valueInCode(constant, file));
    });
  });
});
