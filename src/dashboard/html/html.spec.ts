import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyText } from '../../../test/support/any-text.js';
import { html } from './html.js';

describe('a template', () => {
  it('writes values as text, in content and in attributes, and markup as it is', () => {
    const value = `<a href="x" onclick='y'>&\0`;
    expect(html`<p title="${value}">${value}${html`<b>${1}</b>`}</p>`.text).toBe(
      '<p title="&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;\\u0000">' +
        '&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;\\u0000<b>1</b></p>',
    );
  });

  it('writes lists, and nothing for what is absent', () => {
    expect(html`[${[1, null, undefined, false, ['<', html`<b>b</b>`]]}]`.text).toBe('[1&lt;<b>b</b>]');
  });

  it('shows control characters instead of sending them', () => {
    expect(html`<p>${'a\u001b[2J\u0085\u202eb\u2066\u2029\tc\r\nd\re'}</p>`.text).toBe(
      '<p>a\\u001b[2J\\u0085\\u202eb\\u2066\\u2029\tc\nd\\u000de</p>',
    );
  });

  it('never lets a text end what it stands in', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        const sent = html`${text}`.text;
        expect(sent).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
        expect(sent).not.toMatch(/(?![\t\n])\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});
