// Writes deploy/kubernetes/monitoring/prometheusrule.yaml, the alert rules in the form of the Prometheus operator.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { parse, stringify } from 'yaml';
import { root } from './prepare.mjs';

const { groups } = parse(readFileSync(join(root, 'deploy/prometheus/alerts.yml'), 'utf8'));
const rule = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: { name: 'bitrix24-bridge', labels: { 'app.kubernetes.io/name': 'bitrix24-bridge' } },
  spec: { groups },
};
const text = `# Made of deploy/prometheus/alerts.yml by scripts/prometheus-rule.mjs\n${stringify(rule, { lineWidth: 0 })}`;
writeFileSync(
  join(root, 'deploy/kubernetes/monitoring/prometheusrule.yaml'),
  await format(text, { parser: 'yaml', singleQuote: true, printWidth: 110 }),
);
