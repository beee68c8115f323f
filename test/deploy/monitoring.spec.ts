import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { thresholdsIn } from '../../scripts/alert-thresholds.mjs';
import { type StateStatus } from '../../src/contract/event-state.js';
import { type RequestReport } from '../../src/bitrix24/portal-call.js';
import { type QueueDepths } from '../../src/broker/queue-depths.js';
import { type PortalState } from '../../src/database/schema.js';
import { type RefusalReason } from '../../src/drain/publishing/page-publisher.js';
import { THRESHOLDS } from '../../src/monitoring/alert-thresholds.js';
import { Metrics, type SettledOutcome } from '../../src/monitoring/metrics.js';
import { type CountedKind } from '../../src/outcomes/reply-group.js';
import { anchorsOf } from '../support/markdown.js';
import { matches, parsePromql } from '../support/promql.js';

const read = (name: string) => readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
const { groups } = parse(read('deploy/prometheus/alerts.yml')) as {
  groups: { name: string; rules: Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

interface Panel {
  id: number;
  type: string;
  title: string;
  datasource?: { uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; legendFormat: string; datasource: { uid: string } }[];
}
const dashboard = JSON.parse(read('deploy/grafana/dashboards/bridge.json')) as {
  uid: string;
  panels: Panel[];
  annotations: { list: { expr: string }[] };
  templating: { list: { name: string; definition?: string }[] };
};
const panelQueries = dashboard.panels.flatMap(({ title, targets }) =>
  (targets ?? []).map(({ expr, legendFormat }) => ({ where: `panel ${title}`, expr, legendFormat })),
);
const queries = [...rules.map(({ alert, expr }) => ({ where: alert, expr })), ...panelQueries];

/** Every key of a union, checked by the compiler to be all of them. */
const all = <T extends string>(keys: Record<T, true>) => Object.keys(keys) as T[];
const STATES = all<PortalState>({
  active: true,
  unfinished: true,
  unmarkable: true,
  suspended: true,
  unauthorized: true,
  unlicensed: true,
  not_allowed: true,
  uninstalled: true,
});
const OUTCOMES = all<SettledOutcome>({ processed: true, failed: true, dead: true, late_failed: true });
const KINDS = all<CountedKind>({
  single: true,
  group: true,
  nest: true,
  dead_letter: true,
  malformed: true,
  too_large: true,
  unknown_portal: true,
});
const QUEUES = all<keyof QueueDepths>({ unrouted: true, replies: true, rejected: true, dead: true });
const REQUESTS = all<RequestReport['outcome']>({
  ok: true,
  throttle: true,
  refresh: true,
  unauthorized: true,
  configuration: true,
  suspend: true,
  unlicensed: true,
  'not-allowed': true,
  bug: true,
  retry: true,
  'unknown-outcome': true,
});

const STATE_STATUSES = all<StateStatus>({
  read: true,
  gone: true,
  unreadable: true,
  late: true,
  too_large: true,
  unsupported: true,
});

/** What Prometheus adds to each series, and what it makes itself. */
const ADDED = ['job', 'instance'];
const OF_PROMETHEUS: Record<string, string[]> = {
  up: [],
  ALERTS: ['alertname', 'alertstate', 'severity', 'portal'],
};

/** The registry of a bridge to which everything has happened, as series with their labels. */
async function everySeries(): Promise<Map<string, Record<string, string | number>[]>> {
  const metrics = new Metrics();
  for (const state of STATES) metrics.portalState('acme', state);
  for (const outcome of OUTCOMES) metrics.eventsSettled('acme', outcome, 1);
  for (const outcome of REQUESTS) metrics.portalRequest('acme', { method: 'batch', outcome, durationMs: 1 });
  for (const kind of KINDS) metrics.repliesReceived(kind, 1);
  metrics.unknownReplies('acme', 1);
  metrics.queueDepths(Object.fromEntries(QUEUES.map((queue) => [queue, 1])));
  metrics.eventsPublished('acme', [1], 2000);
  metrics.eventsInFlight('acme', 1);
  metrics.eventsInFlightLimit(1);
  metrics.roundTook('acme', 1);
  metrics.installation('lesser', 'acme');
  metrics.apiRequest('/api/v1/portals', 'GET', 200);
  metrics.foreignBatches('acme', 1);
  metrics.changesMissed('acme', 'update', 1);
  for (const status of STATE_STATUSES) metrics.stateRead('acme', status);
  for (const reason of all<RefusalReason>({ event: true, dead_letter: true }))
    metrics.publishRefused('acme', reason, 1);
  metrics.eventsRefused('acme', 1);
  const up = () => Promise.resolve({ up: true });
  metrics.watchDependencies({ broker: up, database: up });
  metrics.httpConnections(() => 1);
  const series = new Map<string, Record<string, string | number>[]>();
  for (const { name, values } of await metrics.registry.getMetricsAsJSON()) {
    for (const value of values) {
      const metric = 'metricName' in value && typeof value.metricName === 'string' ? value.metricName : name;
      series.set(metric, [
        ...(series.get(metric) ?? []),
        { ...value.labels } as Record<string, string | number>,
      ]);
    }
  }
  return series;
}

let series: Map<string, Record<string, string | number>[]>;
beforeAll(async () => {
  series = await everySeries();
});

describe('alert rules and dashboard', () => {
  it('are read', () => {
    expect(rules.length).toBeGreaterThan(15);
    expect(panelQueries.length).toBeGreaterThan(25);
  });

  it.each(queries)(
    '$where reads metrics that the bridge has, by labels and values that they have',
    ({ expr }) => {
      const { selectors, grouping } = parsePromql(expr);
      expect(selectors.length).toBeGreaterThan(0);
      const known = new Set(ADDED);
      for (const { metric, matchers } of selectors) {
        const own = series.get(metric);
        if (own === undefined) {
          expect(Object.keys(OF_PROMETHEUS)).toContain(metric);
          continue;
        }
        const labels = new Set([...ADDED, ...own.flatMap((one) => Object.keys(one))]);
        for (const label of labels) known.add(label);
        for (const { label } of matchers) expect([...labels]).toContain(label);
        const ours = matchers.filter(({ label }) => !ADDED.includes(label));
        expect({ metric, ours, found: own.some((one) => matches(ours, one)) }).toMatchObject({ found: true });
        for (const { label, op, value } of matchers) {
          if (label === 'job') expect({ op, value }).toEqual({ op: '=', value: 'bitrix24-bridge' });
        }
        // Every process has these: ours have to be named.
        if (/^(process|nodejs)_/.test(metric)) expect(matchers.map(({ label }) => label)).toContain('job');
      }
      for (const label of grouping) expect([...known]).toContain(label);
    },
  );

  it('name each alternative of a pattern as the bridge does', () => {
    const patterns = queries.flatMap(({ expr }) =>
      parsePromql(expr).selectors.flatMap(({ metric, matchers }) =>
        matchers
          .filter(({ op, value }) => op === '=~' && !value.startsWith('$'))
          .map((one) => ({ metric, ...one })),
      ),
    );
    expect(patterns.length).toBeGreaterThan(0);
    for (const { metric, label, value } of patterns) {
      const values = series.get(metric)?.map((one) => one[label]);
      expect(values).toEqual(expect.arrayContaining(value.split('|')));
    }
  });
});

describe('the table of metrics in the manual', () => {
  it('has every metric of the bridge, its labels, and no other', () => {
    const own = new Set(
      [...series.keys()]
        .filter((name) => name.startsWith('bridge_'))
        .map((name) => name.replace(/_(bucket|sum|count)$/, '')),
    );
    // Some are registered by what they are told of: everySeries() has to tell it.
    const written = [...read('src/monitoring/metrics.ts').matchAll(/'(bridge_\w+)'/g)].map(
      ([, name]) => name,
    );
    expect([...new Set(written)].sort()).toEqual([...own].sort());
    const rows = [
      ...read('docs/operations/log-and-metrics.md').matchAll(/^\| `(bridge_\w+)(?:\{([\w,]+)\})?`/gm),
    ];
    expect(rows.map(([, name]) => name).sort()).toEqual([...own].sort());
    for (const [, name = '', labels = ''] of rows) {
      const known = Object.keys(series.get(name)?.[0] ?? {});
      if (labels !== '' && known.length > 0) expect(known).toEqual(expect.arrayContaining(labels.split(',')));
    }
  });
});

describe('alert rules', () => {
  const anchors = anchorsOf(read('docs/operations/runbooks.md'));

  it.each(rules)('$alert says how bad it is, what it is, and which section of the manual helps', (rule) => {
    expect(rule.alert).toMatch(/^Bridge[A-Za-z]+$/);
    expect(['critical', 'warning']).toContain(rule.labels['severity']);
    expect(rule.annotations['summary']).toMatch(/\S/);
    expect(rule.annotations['runbook_url']).toBe(
      `{{ $externalLabels.bridge_docs }}docs/operations/runbooks.md#${rule.alert.toLowerCase()}`,
    );
    expect(anchors).toContain(rule.alert.toLowerCase());
    // What flaps must not call anybody; a counter that rose has no need to last.
    if (!/increase|changes/.test(rule.expr) || rule.expr.includes('unless'))
      expect(rule.for).toMatch(/^\d+[md]$/);
  });

  it('have names of their own, and the manual has no section for an alert that is none', () => {
    const names = rules.map(({ alert }) => alert.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    expect(anchors.filter((anchor) => /^bridge[a-z]+$/.test(anchor)).sort()).toEqual(names.sort());
  });

  it('go by the same thresholds as doctor', () => {
    expect(thresholdsIn(groups)).toMatchObject(THRESHOLDS);
  });

  it('know the name under which Prometheus collects the bridge, and are loaded by it', () => {
    const config = parse(read('deploy/prometheus/prometheus.yml')) as {
      rule_files: string[];
      scrape_configs: { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }[];
    };
    expect(config.rule_files).toEqual(['alerts.yml']);
    expect(config.scrape_configs.map(({ job_name }) => job_name)).toEqual(['bitrix24-bridge']);
    expect(config.scrape_configs[0]?.dns_sd_configs).toMatchObject([{ names: ['bridges'], port: 3000 }]);
  });
});

/** Kept for one release: neither the dashboard nor an alert is to ask for it. */
const isFormer = (name: string) => name.startsWith('bridge_exchange_duration_seconds');

describe('a metric of a former name', () => {
  it('has the values of the present one, says which that is, and is asked for nowhere', async () => {
    const metrics = new Metrics();
    metrics.roundTook('acme', 0.3);
    metrics.roundTook('acme', 20);
    const text = await metrics.registry.metrics();
    const lines = (name: string) =>
      text.split('\n').flatMap((line) => (line.startsWith(name) ? [line.slice(name.length)] : []));
    expect(lines('bridge_exchange_duration_seconds')).toEqual(lines('bridge_round_duration_seconds'));
    expect(lines('bridge_round_duration_seconds')).toContain('_count{portal="acme"} 2');
    expect(text).toMatch(/^# HELP bridge_exchange_duration_seconds .*bridge_round_duration_seconds/m);
    const asked = [...panelQueries, ...rules].flatMap(({ expr }) =>
      parsePromql(expr).selectors.map(({ metric }) => metric),
    );
    expect(asked.filter(isFormer)).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('shows what the metrics tell', () => {
    const shown = new Set(
      panelQueries.flatMap(({ expr }) => parsePromql(expr).selectors.map((one) => one.metric)),
    );
    const own = [...series.keys()].filter((name) => name.startsWith('bridge_') && !isFormer(name));
    const base = (name: string) => name.replace(/_(bucket|sum|count)$/, '');
    const bases = new Set([...shown].map(base));
    expect(own.map(base).filter((name) => !bases.has(name))).toEqual([]);
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
    ]) {
      expect([...shown]).toContain(name);
    }
  });

  it('is filtered by portal wherever a panel reads a metric of portals', () => {
    for (const { expr } of panelQueries) {
      for (const { metric, matchers } of parsePromql(expr).selectors) {
        const byPortal = series.get(metric)?.some((labels) => 'portal' in labels) === true;
        if (byPortal)
          expect({ expr, portal: matchers.find(({ label }) => label === 'portal')?.value }).toMatchObject({
            portal: '$portal',
          });
      }
    }
  });

  it('names each line by labels that its query leaves', () => {
    for (const { expr, legendFormat } of panelQueries) {
      const { grouping, selectors } = parsePromql(expr);
      const own = selectors.flatMap(({ metric }) => Object.keys(series.get(metric)?.[0] ?? {}));
      const left = /\bby \(|topk/.test(expr) ? grouping : [...own, ...ADDED];
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect([...left]).toContain(label);
    }
  });

  it('has panels with ids of their own that do not cover each other, all on the chosen data source', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [index, { gridPos: a, title }] of panels.entries()) {
      expect(a.x + a.w).toBeLessThanOrEqual(24);
      for (const { gridPos: b, title: other } of panels.slice(index + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect({ title, other, apart }).toMatchObject({ apart: true });
      }
    }
    for (const panel of panels.filter(({ type }) => type !== 'row')) {
      expect(panel.datasource?.uid).toBe('${datasource}');
      expect(panel.targets?.map((target) => target.datasource.uid)).toEqual(
        panel.targets?.map(() => '${datasource}'),
      );
    }
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'portal']);
    expect(dashboard.templating.list[1]?.definition).toBe('label_values(bridge_portal_state, portal)');
    for (const { expr } of dashboard.annotations.list) parsePromql(expr);
  });
});
