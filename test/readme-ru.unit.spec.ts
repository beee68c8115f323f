import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const [english, russian] = ['README.md', 'README.ru.md'].map((name) => {
  const text = readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
  // The Russian one leads to this one, and has no marks of what is made by a program.
  return text.replace('[English](README.md)\n\n', '').replace('[Русский](README.ru.md)\n\n', '');
});

const all = (text: string | undefined, pattern: RegExp) =>
  [...(text ?? '').matchAll(pattern)].map(([, part]) => part ?? '');

it.each([
  ['headings, by their levels', /^(#+) /gm],
  ['programs and commands', /^```\w*\n([\s\S]*?)^```$/gm],
  ['targets of links and images', /\]\(([^)]+)\)/g],
  ['settings', /^\| `([A-Z0-9_]+)`/gm],
  ['defaults of settings', /^\| `[A-Z0-9_]+` +\| (`[^`]+`|–)/gm],
])('the Russian README has the same %s as the English one', (_what, pattern) => {
  expect(all(russian, pattern)).toEqual(all(english, pattern));
});

it('the Russian README has the same figures as the English one', () => {
  const figures = (text: string | undefined) =>
    all(text, /(\d[\d.,  ]*)/g).map((figure) => figure.replace(/[^\d]/g, ''));
  expect(figures(russian).sort()).toEqual(figures(english).sort());
});
