import { parser } from '@prometheus-io/lezer-promql';

/** One label of a selector, such as `outcome="dead"`. */
interface Matcher {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** What one query reads. */
export interface Query {
  readonly selectors: readonly { readonly metric: string; readonly matchers: readonly Matcher[] }[];
  /** Labels that it groups or joins by. */
  readonly grouping: readonly string[];
}

/**
 * Reads a PromQL expression by Prometheus' own grammar.
 * @throws {Error} where it is no PromQL, or a selector names no metric
 */
export function parsePromql(text: string): Query {
  // Variables of the dashboard: one stands for a duration, the others stand in strings.
  const expression = text.replaceAll('$__rate_interval', '1m');
  const selectors: { metric: string; matchers: Matcher[] }[] = [];
  const grouping: string[] = [];
  parser.parse(expression).iterate({
    enter(node) {
      const read = (child: string) => {
        const found = node.node.getChild(child);
        return found === null ? '' : expression.slice(found.from, found.to);
      };
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${text}`);
      if (node.name === 'VectorSelector') {
        const metric = read('Identifier');
        if (metric === '') throw new Error(`a selector without a metric: ${text}`);
        selectors.push({ metric, matchers: [] });
      }
      if (node.name === 'UnquotedLabelMatcher') {
        selectors.at(-1)?.matchers.push({
          label: read('LabelName'),
          op: read('MatchOp') as Matcher['op'],
          value: JSON.parse(read('StringLiteral')) as string,
        });
      }
      if (node.name === 'GroupingLabels') {
        for (const label of node.node.getChildren('LabelName'))
          grouping.push(expression.slice(label.from, label.to));
      }
    },
  });
  return { selectors, grouping };
}

/** Whether a series has what a selector asks for; a variable of the dashboard stands for any value. */
export function matches(
  matchers: readonly Matcher[],
  labels: Readonly<Record<string, string | number>>,
): boolean {
  return matchers.every(({ label, op, value }) => {
    if (value.startsWith('$')) return true;
    const found = String(labels[label] ?? '');
    if (op === '=') return found === value;
    if (op === '!=') return found !== value;
    const fits = new RegExp(`^(?:${value})$`).test(found);
    return op === '=~' ? fits : !fits;
  });
}
