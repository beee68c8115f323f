/** A link in a Markdown text. */
export interface Link {
  readonly target: string;
  readonly line: number;
}

/** The text without what is code: neither headings nor links are read there. Lines stay where they are. */
function prose(text: string): string {
  return text
    .replace(/^(```|~~~)[^\n]*\n[\s\S]*?^\1[ \t]*$/gm, (block) => block.replace(/[^\n]/g, ''))
    .replace(/<!--[\s\S]*?-->/g, (comment) => comment.replace(/[^\n]/g, ''));
}

/** Anchors of a text's headings, as code hosts make them. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...prose(text).matchAll(/^#{1,6}[ \t]+(.+?)[ \t]*#*$/gm)].map(([, heading = '']) => {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}

/** Links and images, inline and by reference; addresses in code are none. */
export function linksOf(text: string): Link[] {
  const clean = prose(text).replace(/`[^`\n]*`/g, (code) => ' '.repeat(code.length));
  const lineOf = (index: number) => clean.slice(0, index).split('\n').length;
  const inline = [...clean.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const references = [...clean.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s+"[^"]*")?\s*$/gm)];
  const html = [...clean.matchAll(/\b(?:src|href|srcset)="([^"]+)"/g)];
  return [...inline, ...references, ...html].map((found) => ({
    target: found[1] ?? '',
    line: lineOf(found.index),
  }));
}
