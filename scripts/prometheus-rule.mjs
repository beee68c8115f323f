// Writes deploy/kubernetes/monitoring/prometheusrule.yaml, the alert rules in the form of the Prometheus operator.
// With --set <name>=<number> it prints the rules with other thresholds instead: in Prometheus' own form, or with
// --operator in the operator's. Names: scripts/alert-thresholds.mjs.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { parse, stringify } from 'yaml';
import { withThresholds } from './alert-thresholds.mjs';
import { root } from './prepare.mjs';

const { values } = parseArgs({
  options: {
    set: { type: 'string', multiple: true, default: [] },
    operator: { type: 'boolean', default: false },
  },
});
const figures = Object.fromEntries(
  values.set.map((text) => {
    const [name, figure] = text.split('=');
    return [name, figure === undefined || figure === '' ? Number.NaN : Number(figure)];
  }),
);
const parsed = parse(readFileSync(join(root, 'deploy/prometheus/alerts.yml'), 'utf8'));
const groups = withThresholds(parsed.groups, figures);
const rule = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: {
    name: 'bitrix24-bridge',
    // kube-prometheus-stack selects by the second, the name of its Helm release.
    labels: { 'app.kubernetes.io/name': 'bitrix24-bridge', release: 'kube-prometheus-stack' },
  },
  spec: { groups },
};
const printed = async (text) => format(text, { parser: 'yaml', singleQuote: true, printWidth: 110 });
const made = '# Made of deploy/prometheus/alerts.yml by scripts/prometheus-rule.mjs';
if (values.set.length === 0 && !values.operator) {
  writeFileSync(
    join(root, 'deploy/kubernetes/monitoring/prometheusrule.yaml'),
    await printed(`${made}\n${stringify(rule, { lineWidth: 0 })}`),
  );
} else {
  const command = values.set.map((text) => ` --set ${text}`).join('');
  process.stdout.write(
    await printed(`${made}${command}\n${stringify(values.operator ? rule : { groups }, { lineWidth: 0 })}`),
  );
}
