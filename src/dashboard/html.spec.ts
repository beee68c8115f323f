import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { html } from './html.js';

describe('a template', () => {
  it('writes values as text, in content and in attributes, and markup as it is', () => {
    const value = `<a href="x" onclick='y'>&\0`;
    expect(html`<p title="${value}">${value}${html`<b>${1}</b>`}</p>`.text).toBe(
      '<p title="&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;\ufffd">' +
        '&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;\ufffd<b>1</b></p>',
    );
  });

  it('writes lists, and nothing for what is absent', () => {
    expect(html`[${[1, null, undefined, false, ['<', html`<b>b</b>`]]}]`.text).toBe('[1&lt;<b>b</b>]');
  });

  it('never lets a text end what it stands in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(html`${text}`.text).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });
});
