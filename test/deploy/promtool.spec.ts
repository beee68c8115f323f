import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { providePromtool } from '../../scripts/promtool.mjs';

const fromRoot = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

describe('Prometheus itself', () => {
  let promtool: string | undefined;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'promtool-'));
    promtool = await providePromtool({ log: (line) => process.emitWarning(line) });
    if (promtool === undefined) process.emitWarning('THE ALERT RULES ARE NOT TESTED BY PROMETHEUS');
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Where there is no promtool, the warning above says so. */
  const run = (...args: string[]): { status: number | null; output: string } => {
    if (promtool === undefined) return { status: 0, output: 'SUCCESS' };
    const { status, stdout, stderr } = spawnSync(promtool, args, { encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };

  it('takes configuration and rules', () => {
    for (const file of ['prometheus.yml', 'static.example.yml']) {
      expect(run('check', 'config', fromRoot(`deploy/prometheus/${file}`))).toMatchObject({ status: 0 });
    }
  });

  it('takes the rules with other thresholds, in which nothing else is another', () => {
    const print = (...args: string[]) =>
      spawnSync(process.execPath, [fromRoot('scripts/prometheus-rule.mjs'), ...args], { encoding: 'utf8' });
    const same = parse(print('--set', 'lag-seconds=300').stdout) as { groups: unknown };
    const rules = parse(readFileSync(fromRoot('deploy/prometheus/alerts.yml'), 'utf8')) as {
      groups: unknown;
    };
    expect(same.groups).toEqual(rules.groups);
    const other = print('--set', 'lag-seconds=900', '--set', 'memory-mib=1536').stdout;
    expect(other).toContain(') > 900)');
    expect(other).toContain('> 1536 * 1024');
    const file = join(folder, 'other.yml');
    writeFileSync(file, other);
    expect(run('check', 'rules', file)).toMatchObject({ status: 0 });
    expect(print('--set', 'lag=900')).toMatchObject({ status: 1, stdout: '' });
  }, 60_000);

  it('fires each alert when it should, and none when all is well', () => {
    const files = ['alerts', 'alerts-of-days'].map((name) => fromRoot(`deploy/prometheus/${name}.test.yml`));
    expect(run('test', 'rules', ...files)).toMatchObject({ status: 0 });
    const tests = files.map((file) => readFileSync(file, 'utf8')).join('');
    const rules = readFileSync(fromRoot('deploy/prometheus/alerts.yml'), 'utf8');
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
    // Each has to be seen firing at least once.
    const fired = tests
      .split(/^ {4}(?:promql_expr_test|alert_rule_test):/m)
      .slice(1)
      .join();
    expect(alerts.filter((name) => !fired.includes(name))).toEqual([]);
  });

  it('understands every query of the dashboard', () => {
    const dashboard = JSON.parse(readFileSync(fromRoot('deploy/grafana/dashboards/bridge.json'), 'utf8')) as {
      panels: { targets?: { expr: string }[] }[];
    };
    const queries = dashboard.panels.flatMap(({ targets }) => (targets ?? []).map(({ expr }) => expr));
    const rules = queries.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$portal', '.*'),
    }));
    const file = join(folder, 'dashboard.yml');
    writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
    expect(run('check', 'rules', file)).toMatchObject({ status: 0 });
    expect(queries.length).toBeGreaterThan(25);
  });
});
