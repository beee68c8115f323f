import { expect, it } from '@jest/globals';
import { html } from './html.js';
import { wordsIn } from './words.js';

const AT = Date.UTC(2026, 10, 25, 1, 2, 3);

it('what is put into a text is escaped, and markup is not', () => {
  const { h } = wordsIn('ru');
  const setting = html`<code>A&B</code>`;
  expect(h('logIn.whichPassword', { setting }).text).toBe('Он задан в настройке сервиса <code>A&B</code>.');
  expect(h('trouble.summary', { what: 'A', reason: '<script>' }).text).toMatch(/: &lt;script&gt;$/);
});

it('a time says how long ago it was, exactly when, and what the script makes of it', () => {
  expect(
    wordsIn('en')
      .ago(AT, AT + 12_000)
      .text.replace(/\s+/g, ' '),
  ).toBe(
    '<time datetime="2026-11-25T01:02:03.000Z" title="2026-11-25 01:02:03 UTC" data-utc="2026-11-25 01:02:03 UTC" data-relative >12 s ago</time >',
  );
});
