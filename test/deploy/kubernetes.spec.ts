import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { parseSettings } from '../../src/config/parse-settings.js';
import { HealthController } from '../../src/monitoring/health.controller.js';
import { faultsOf, type Manifest } from '../support/kubernetes.js';

const folder = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
);
const kustomizations = files.filter((name) => name.endsWith('kustomization.yaml'));
const manifest = <T>(name: string) => parse(read(name)) as T;
/** Of the Prometheus operator, whose types nobody publishes for this compiler. */
const isCustom = (name: string) => name.startsWith('monitoring/');
const builtIn = files.filter((name) => !kustomizations.includes(name) && !isCustom(name));

interface Probe {
  httpGet: { path: string; port: string };
  periodSeconds: number;
  failureThreshold: number;
}
interface Deployment {
  metadata: { name: string };
  spec: {
    replicas: number;
    strategy: { type: string; rollingUpdate?: Record<string, number> };
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        automountServiceAccountToken: boolean;
        terminationGracePeriodSeconds: number;
        securityContext: Record<string, unknown>;
        containers: {
          image: string;
          envFrom: Record<string, { name: string }>[];
          env?: { name: string; value: string }[];
          ports: { name: string; containerPort: number }[];
          startupProbe: Probe;
          livenessProbe: Probe;
          readinessProbe: Probe;
          lifecycle: { preStop: { exec: { command: string[] } } };
          resources: { requests: Record<string, string>; limits: Record<string, string> };
          securityContext: Record<string, unknown>;
          volumeMounts: { name: string; mountPath: string }[];
        }[];
        volumes: { name: string; persistentVolumeClaim?: { claimName: string } }[];
      };
    };
  };
}
interface Data {
  metadata: { name: string; labels?: Record<string, string> };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

const LABELS = { 'app.kubernetes.io/name': 'bitrix24-bridge' };
const deployments = ['replicas', 'single'].map((name) => ({
  name,
  ...manifest<Deployment>(`${name}/deployment.yaml`),
}));
const containerOf = ({ spec }: Deployment) => {
  const [container, ...others] = spec.template.spec.containers;
  if (container === undefined || others.length > 0) throw new Error('not one container');
  return container;
};
const configMap = manifest<Data>('base/configmap.yaml');
const secret = manifest<Data>('secret.example.yaml');

describe('the Kubernetes manifests', () => {
  it('have no field that Kubernetes does not have, none of another type, and all that it needs', () => {
    const manifests = Object.fromEntries(builtIn.map((name) => [name, manifest<Manifest>(name)]));
    expect(Object.keys(manifests).length).toBeGreaterThan(7);
    const spoilt = manifest<Manifest & { spec: { replica?: number } }>('replicas/deployment.yaml');
    spoilt.spec.replica = 3;
    const wrong = { ...manifest<Manifest>('base/configmap.yaml'), data: { HTTP_PORT: 3000 } };
    expect(faultsOf({ ...manifests, spoilt, wrong })).toEqual([
      expect.stringMatching(/^spoilt: .*"replica".* does not exist/),
      expect.stringMatching(/^wrong: .*'number' is not assignable to type 'string'/),
    ]);
  }, 240_000);

  it('are each part of a kustomization, or an example', () => {
    const named = new Set(
      kustomizations.flatMap((name) => {
        const { resources } = manifest<{ resources: string[] }>(name);
        for (const one of resources) expect(existsSync(join(folder, dirname(name), one))).toBe(true);
        return resources.map((one) => relative(folder, join(folder, dirname(name), one)));
      }),
    );
    const left = files.filter((name) => !kustomizations.includes(name) && !name.endsWith('.example.yaml'));
    expect(left.filter((name) => !named.has(name))).toEqual([]);
    for (const name of ['replicas', 'single']) {
      const { resources, images } = manifest<{
        resources: string[];
        images: { name: string; newTag: string }[];
      }>(`${name}/kustomization.yaml`);
      expect(resources).toContain('../base');
      const { version } = JSON.parse(readFileSync(join(folder, '../../package.json'), 'utf8')) as {
        version: string;
      };
      expect(images).toMatchObject([{ name: 'bitrix24-offline-bridge', newTag: version }]);
    }
  });

  it('are put together by kustomize', () => {
    if (spawnSync('kubectl', ['version', '--client']).status !== 0) {
      process.emitWarning('there is no kubectl here: the manifests are not put together by kustomize');
      return;
    }
    for (const [name, kinds] of [
      ['replicas', ['ConfigMap', 'Deployment', 'NetworkPolicy', 'PodDisruptionBudget', 'Service']],
      ['single', ['ConfigMap', 'Deployment', 'NetworkPolicy', 'PersistentVolumeClaim', 'Service']],
      ['monitoring', ['PrometheusRule', 'ServiceMonitor']],
    ] as const) {
      const { stdout, stderr, status } = spawnSync('kubectl', ['kustomize', join(folder, name)], {
        encoding: 'utf8',
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect([...stdout.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind).sort()).toEqual(kinds);
    }
  });

  it('have the same names and labels wherever one speaks of another', () => {
    for (const { name, metadata, spec } of deployments) {
      expect({ name, metadata }).toEqual({ name, metadata: { name: 'bitrix24-bridge' } });
      expect(spec.selector.matchLabels).toEqual(LABELS);
      expect(spec.template.metadata.labels).toEqual(LABELS);
    }
    const service = manifest<Data & { spec: { selector: unknown; ports: unknown[] } }>('base/service.yaml');
    expect(service.spec).toEqual({
      selector: LABELS,
      ports: [{ name: 'http', port: 3000, targetPort: 'http' }],
    });
    const monitor = manifest<{ spec: { selector: unknown; endpoints: unknown[] } }>(
      'monitoring/servicemonitor.yaml',
    );
    expect(monitor.spec.selector).toEqual({ matchLabels: LABELS });
    // kube-prometheus-stack sees none without.
    for (const file of ['servicemonitor', 'prometheusrule']) {
      const { metadata } = manifest<Data>(`monitoring/${file}.yaml`);
      expect(metadata.labels).toEqual({ ...LABELS, release: 'kube-prometheus-stack' });
    }
    expect(service.metadata).toEqual({ name: 'bitrix24-bridge', labels: LABELS });
    expect(monitor.spec.endpoints).toMatchObject([{ port: 'http', path: '/metrics' }]);
    for (const [file, selector] of [
      ['base/networkpolicy.yaml', 'podSelector'],
      ['replicas/poddisruptionbudget.yaml', 'selector'],
    ] as const) {
      const { spec } = manifest<{ spec: Record<string, unknown> }>(file);
      expect(spec[selector]).toEqual({ matchLabels: LABELS });
    }
    const ingress = JSON.stringify(manifest('ingress.example.yaml'));
    expect(ingress).toContain('"backend":{"service":{"name":"bitrix24-bridge","port":{"name":"http"}}}');
    expect(ingress).toContain('"path":"/bitrix24/"');
  });

  it('carry the alert rules as they are', () => {
    const { spec } = manifest<{ spec: unknown }>('monitoring/prometheusrule.yaml');
    // Not so? node scripts/prometheus-rule.mjs
    expect(spec).toEqual(parse(readFileSync(join(folder, '../prometheus/alerts.yml'), 'utf8')));
  });

  it('give settings that the bridge knows and takes, and nothing secret outside the Secret', () => {
    for (const deployment of deployments) {
      const container = containerOf(deployment);
      expect(container.envFrom).toEqual([
        { configMapRef: { name: configMap.metadata.name } },
        { secretRef: { name: secret.metadata.name } },
      ]);
      const environment: Record<string, string> = {
        ...configMap.data,
        ...secret.stringData,
        ...Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value])),
      };
      // As copied, the Secret must not do.
      expect(() => parseSettings(environment)).toThrow('TOKEN_ENCRYPTION_KEY must be 32 bytes');
      expect(() => parseSettings(environment)).toThrow('DASHBOARD_PASSWORD must have');
      const filledIn = {
        TOKEN_ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
        DASHBOARD_PASSWORD: 'twelve-or-more',
        RABBITMQ_PASSWORD: 'p@:/w',
        DATABASE_PASSWORD: 'd@:/w',
      };
      const settings = parseSettings({ ...environment, ...filledIn });
      expect(Object.keys(settings)).toEqual(expect.arrayContaining(Object.keys(environment)));
      expect(settings.DATABASE_URL).toMatch(
        deployment.name === 'single' ? /^file:\/app\/data\// : /^postgres:\/\/bridge:d%40%3A%2Fw@postgres/,
      );
      expect(settings.RABBITMQ_URL).toEqual(['amqp://bridge:p%40%3A%2Fw@rabbitmq:5672']);
      expect(settings.HTTP_HOST).toBe('0.0.0.0');
      expect(container.ports).toEqual([{ name: 'http', containerPort: settings.HTTP_PORT }]);
    }
    const open = JSON.stringify([configMap, deployments]);
    for (const name of Object.keys(secret.stringData ?? {})) {
      expect(open).not.toContain(name);
    }
    expect(Object.keys(secret.stringData ?? {})).toContain('DASHBOARD_PASSWORD');
  });

  it('ask after the health that the bridge tells, and never restart it because of others', () => {
    const pathOf = (target: unknown) => String(Reflect.getMetadata('path', target as object));
    const handlers = Object.getOwnPropertyDescriptors(HealthController.prototype);
    const paths = [handlers.live, handlers.ready].map(
      ({ value }) => `/${pathOf(HealthController)}/${pathOf(value)}`,
    );
    for (const { startupProbe, livenessProbe, readinessProbe } of deployments.map(containerOf)) {
      expect([livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path)).toEqual(paths);
      expect(startupProbe.httpGet.path).toBe('/health/live');
      for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe])
        expect(httpGet.port).toBe('http');
      expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBeGreaterThanOrEqual(30);
    }
  });

  it('give the bridge longer to stop than the 10 s that it may take after the pause before', () => {
    for (const deployment of deployments) {
      const [program, pause] = containerOf(deployment).lifecycle.preStop.exec.command;
      expect(program).toBe('sleep');
      expect(deployment.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(10 + Number(pause));
    }
  });

  it('run it without root, rights, tokens of the cluster, or a file system to write to', () => {
    for (const deployment of deployments) {
      const pod = deployment.spec.template.spec;
      const container = containerOf(deployment);
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources.requests).toHaveProperty('cpu');
      expect(container.resources.limits).toEqual({ memory: '1Gi' });
      expect(container.volumeMounts.map(({ name }) => name)).toEqual(pod.volumes.map(({ name }) => name));
    }
  });

  it('replace replicas one by one, and a single process only after it has ended', () => {
    const [replicas, single] = deployments;
    expect(replicas?.spec).toMatchObject({
      replicas: 3,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    });
    expect(manifest('replicas/poddisruptionbudget.yaml')).toMatchObject({ spec: { maxUnavailable: 1 } });
    expect(single?.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    const claim = manifest<Data>('single/persistentvolumeclaim.yaml');
    expect(single?.spec.template.spec.volumes).toContainEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: claim.metadata.name },
    });
    expect(single?.spec.template.spec.securityContext).toHaveProperty('fsGroup', 1000);
  });

  it('let in ingress and Prometheus only, and out only to what the bridge needs', () => {
    interface Way {
      ports: { port: number | string; protocol: string }[];
      to?: { ipBlock?: { cidr: string; except: string[] } }[];
      from?: unknown[];
    }
    const { spec } = manifest<{ spec: { policyTypes: string[]; ingress: Way[]; egress: Way[] } }>(
      'base/networkpolicy.yaml',
    );
    expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(spec.ingress.map(({ ports }) => ports)).toEqual([[{ port: 'http', protocol: 'TCP' }]]);
    expect(spec.ingress[0]?.from).toHaveLength(2);
    expect(spec.egress.map(({ ports }) => ports.map(({ port }) => port))).toEqual([
      [53, 53],
      [5672, 5671],
      [5432],
      [4318],
      [443, 80],
    ]);
    for (const { to = [], ports } of spec.egress) {
      expect(to.length).toBeGreaterThan(0);
      const blocks = to.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock.cidr]));
      // Of addresses, only everybody's and the one of NodeLocal DNSCache.
      const first = ports[0]?.port;
      expect(blocks).toEqual(
        first === 443 ? ['0.0.0.0/0', '::/0'] : first === 53 ? ['169.254.20.10/32'] : [],
      );
    }
    expect(spec.egress.at(-1)?.to?.[0]?.ipBlock?.except).toEqual(
      expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16']),
    );
  });
});
