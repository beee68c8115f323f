// The figures of deploy/prometheus/alerts.yml that another size of installation may want to be others.

/**
 * By name: the alert, and the text of its expression or duration around the figure, which stands at `@`.
 * @type {Readonly<Record<string, { alert: string, text: string, unit: string }>>}
 */
const THRESHOLDS = {
  'lag-seconds': {
    alert: 'BridgeLagHigh',
    text: ') > @)',
    unit: 'seconds from a change to its publish, 95 of 100',
  },
  'in-flight-share': {
    alert: 'BridgeInFlightNearLimit',
    text: '(@ * max',
    unit: 'share of DRAIN_MAX_IN_FLIGHT',
  },
  refused: { alert: 'BridgeEventsRefused', text: ' > @', unit: 'events of one portal' },
  rejected: { alert: 'BridgeRepliesRejected', text: ' > @', unit: 'replies' },
  replies: { alert: 'BridgeRepliesWaiting', text: ' > @', unit: 'replies' },
  unrouted: { alert: 'BridgeEventsUnrouted', text: ' > @', unit: 'events' },
  'event-loop-seconds': { alert: 'BridgeEventLoopLag', text: ' > @', unit: 'seconds, 99 of 100' },
  'memory-mib': { alert: 'BridgeMemoryHigh', text: ' > @ * 1024', unit: 'MiB of one process' },
};

/**
 * The figures as they are in the rules.
 * @param {{ rules: { alert: string, expr: string }[] }[]} groups
 */
export function thresholdsIn(groups) {
  return Object.fromEntries(
    Object.entries(THRESHOLDS).map(([name, threshold]) => [
      name,
      Number(find(groups, name, threshold).figure),
    ]),
  );
}

/**
 * The same rules with other figures.
 * @template {{ rules: { alert: string, expr: string }[] }} Group
 * @param {Group[]} groups
 * @param {Readonly<Record<string, number>>} figures by name
 * @returns {Group[]}
 */
export function withThresholds(groups, figures) {
  const changed = structuredClone(groups);
  for (const [name, figure] of Object.entries(figures)) {
    const threshold = THRESHOLDS[name];
    if (threshold === undefined || !Number.isFinite(figure) || figure < 0) {
      const names = Object.entries(THRESHOLDS).map(([known, { unit }]) => `${known} (${unit})`);
      throw new Error(`--set takes <name>=<number>, names are: ${names.join(', ')}; not ${name}=${figure}`);
    }
    const { rule, before, found } = find(changed, name, threshold);
    rule.expr = rule.expr.replace(
      found,
      () => `${before}${figure}${found.slice(before.length).replace(/^[\d.]+/, '')}`,
    );
  }
  return changed;
}

function find(groups, name, { alert, text }) {
  const rule = groups.flatMap(({ rules }) => rules).find((one) => one.alert === alert);
  const [before, after] = text.split('@');
  const escape = (part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const match = new RegExp(`${escape(before)}([\\d.]+)${escape(after)}`).exec(rule?.expr ?? '');
  if (match === null) throw new Error(`threshold ${name}: ${alert} has no "${text}"`);
  return { rule, before, found: match[0], figure: match[1] };
}
