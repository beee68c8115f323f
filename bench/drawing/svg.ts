/** Attributes of an element; numbers are rounded to a tenth, which no eye tells apart. */
export type Attributes = Readonly<Record<string, string | number>>;

/** An SVG element as text; its content is SVG already. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(value)}"`,
  );
  const start = `<${name}${written.join('')}`;
  return content === '' ? `${start}/>` : `${start}>${content}</${name}>`;
}

/** @param kind classes of the stylesheet */
export function text(x: number, y: number, kind: string, words: string, anchor = 'start'): string {
  return element('text', { x, y, class: kind, 'text-anchor': anchor }, escaped(words));
}

export function polyline(points: readonly (readonly [number, number])[], kind: string): string {
  return element('polyline', {
    points: points.map(([x, y]) => `${rounded(x)},${rounded(y)}`).join(' '),
    class: kind,
  });
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return element('line', { x1, y1, x2, y2, class: kind });
}

/** Three significant digits, thousands set apart. */
export function figure(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const rounded = (value: number): string => String(Math.round(value * 10) / 10);

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
