/** One line of the table: what is known of a portal at this moment. */
export interface Line {
  readonly portal: string;
  readonly pushed: number;
  readonly published: number;
  readonly settled: number;
  readonly failed: number;
  readonly marked: number;
  readonly retried: number;
  readonly inFlight: number;
  /** From a change to its arrival at the consumer, median of the last seconds; ms, null where nothing arrived. */
  readonly lagMs: number | null;
  readonly requests: number;
}

const COLUMNS: readonly { title: string; text: (line: Line) => string }[] = [
  { title: 'pushed', text: (line) => String(line.pushed) },
  { title: 'published', text: (line) => String(line.published) },
  { title: 'settled', text: (line) => String(line.settled) },
  { title: 'failed', text: (line) => String(line.failed) },
  { title: 'marked', text: (line) => String(line.marked) },
  { title: 'retried', text: (line) => String(line.retried) },
  { title: 'in flight', text: (line) => String(line.inFlight) },
  { title: 'lag', text: (line) => (line.lagMs === null ? '-' : `${(line.lagMs / 1000).toFixed(1)} s`) },
  { title: 'REST calls', text: (line) => String(line.requests) },
];
const NAME_WIDTH = 8;
const WIDTH = NAME_WIDTH + COLUMNS.reduce((sum, { title }) => sum + Math.max(title.length, 6) + 2, 0);
const PLAIN_EVERY_MS = 2000;

/** Adds the portals up; the lag is the longest. */
function total(lines: readonly Line[]): Line {
  const sum = (pick: (line: Line) => number) => lines.reduce((all, line) => all + pick(line), 0);
  const lags = lines.map((line) => line.lagMs).filter((lag) => lag !== null);
  return {
    portal: 'total',
    pushed: sum((line) => line.pushed),
    published: sum((line) => line.published),
    settled: sum((line) => line.settled),
    failed: sum((line) => line.failed),
    marked: sum((line) => line.marked),
    retried: sum((line) => line.retried),
    inFlight: sum((line) => line.inFlight),
    lagMs: lags.length === 0 ? null : Math.max(...lags),
    requests: sum((line) => line.requests),
  };
}

/** Redraws a table in place on a terminal, and writes a line every two seconds anywhere else. */
export class Screen {
  private drawn = 0;
  private lastPlain = Number.NEGATIVE_INFINITY;

  constructor(private readonly out: NodeJS.WriteStream) {}

  /** @param phase what is going on, for the line above the table */
  show(phase: string, lines: readonly Line[]): void {
    const all = [...lines, total(lines)];
    // A line that wraps would break the redrawing.
    if (this.out.isTTY && this.out.columns > WIDTH) {
      const text = [phase, '', header(), ...all.map(row), ''];
      this.out.write(`${this.drawn > 0 ? `\x1b[${this.drawn}A` : ''}\x1b[0J${text.join('\n')}\n`);
      this.drawn = text.length;
      return;
    }
    const now = performance.now();
    if (now - this.lastPlain < PLAIN_EVERY_MS) return;
    this.lastPlain = now;
    const sums = total(lines);
    const words = COLUMNS.map(({ title, text }) => `${title} ${text(sums)}`);
    this.out.write(`${phase}: ${words.join(', ')}\n`);
  }

  /** Writes below whatever was drawn; the next table starts anew below it. */
  say(text: string): void {
    this.drawn = 0;
    this.out.write(`${text}\n`);
  }
}

function header(): string {
  return `\x1b[1m${cells('portal', ({ title }) => title)}\x1b[0m`;
}

function row(line: Line): string {
  return cells(line.portal, ({ text }) => text(line));
}

function cells(name: string, textOf: (column: (typeof COLUMNS)[number]) => string): string {
  const rest = COLUMNS.map((column) => textOf(column).padStart(Math.max(column.title.length, 6) + 2));
  return name.padEnd(NAME_WIDTH) + rest.join('');
}
