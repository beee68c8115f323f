// Brings up every profile of docker-compose.yml on a Docker engine, looks whether it works, takes it down and brings it up
// again: npm run test:containers. It is a project of its own beside others of this machine, and leaves nothing but images.
import { ok, deepStrictEqual as same } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Composition, lacking, until } from './containers.mjs';
import { root } from './prepare.mjs';
import { providePromtool } from './promtool.mjs';

const EVENTS = 20;
const EVERY = ['demo', 'scale', 'observability'];

const missing = lacking();
if (missing !== null) {
  console.error(`\n!!! CONTAINERS NOT TRIED: ${missing}`);
  process.exit(0);
}
const composition = await Composition.prepare();
let profiles = EVERY;
const began = Date.now();
const say = (text) => console.log(`\n=== ${text} (${Math.round((Date.now() - began) / 1000)} s)`);
try {
  await tryAll();
  say('passed');
} catch (error) {
  process.exitCode = 1;
  await composition.run(['*'], ['ps', '--all']).catch(() => undefined);
  await composition.run(['*'], ['logs', '--no-color', '--tail', '40']).catch(() => undefined);
  console.error(`\n!!! ${error.stack}`);
} finally {
  await composition
    .run(['*'], ['down', '--volumes', '--timeout', '20'])
    .catch((error) => console.error(error));
}

async function tryAll() {
  say('without settings');
  const refused = composition.withoutSettings();
  ok(refused.status !== 0, 'it starts without settings');
  ok(refused.stderr.includes('cp .env.example .env'), `it does not say what to do: ${refused.stderr}`);

  await composition.run(['*'], ['down', '--volumes'], { wanted: true });
  profiles = (await canObserve()) ? EVERY : ['demo', 'scale'];
  say('building');
  await composition.run(EVERY, ['build'], { withinMs: 1_800_000 });

  const first = await up(['demo']);
  await down(['demo']);
  // The emulator has forgotten everything; the bridge must take it for the same portal.
  same(await up(['demo']), first);
  say('stop, and up again');
  await composition.run(['demo'], ['stop']);
  same(await up(['demo']), first);
  await down(['demo']);
  same(await up(profiles), first);
  await observed();
  await down(profiles);
  same(await up(profiles), first);
  await observed();
}

/** Whether Prometheus and Grafana are there, or what can stand in for them. */
async function canObserve() {
  try {
    say('images of Prometheus and Grafana');
    await composition.run(EVERY, ['pull', '--quiet', 'prometheus', 'grafana'], {
      withinMs: 300_000,
      wanted: true,
    });
    return true;
  } catch (error) {
    console.error(
      `!!! Prometheus and Grafana cannot be pulled: stand-ins are tried instead.\n${error.message}`,
    );
  }
  composition.standIns = true;
  const promtool = await providePromtool({ log: (text) => console.error(text) });
  const isOurs = promtool?.startsWith(join(root, 'node_modules')) === true;
  if (isOurs && existsSync(join(dirname(promtool), 'prometheus'))) return true;
  console.error('!!! PROFILE observability NOT TRIED: there is no Prometheus either');
  return false;
}

/** Brings it up, and looks. @returns what must stay the same: which portal it is */
async function up(which) {
  say(`up: ${which.join(', ')}`);
  await composition.run(which, ['up', '--detach', '--wait', '--wait-timeout', '180']);
  for (const { Name, State, Mounts, NetworkSettings } of await composition.containers()) {
    same([Name, State.Status], [Name, 'running']);
    const unnamed = Mounts.filter(
      ({ Type, Name: volume }) => Type === 'volume' && /^[0-9a-f]{64}$/.test(volume),
    );
    same([Name, unnamed], [Name, []]);
    for (const { HostIp, HostPort } of Object.values(NetworkSettings.Ports).flatMap((ports) => ports ?? [])) {
      same([Name, HostIp], [Name, '127.0.0.1']);
      ok(composition.ports.has(Number(HostPort)), `${Name} is at port ${HostPort}`);
    }
  }
  const published = await until(`${EVENTS} events of acme`, async () => {
    const figures = await metricsOfAll(which.includes('scale') ? 3 : 1);
    const counts = figures.map((text) =>
      Number(/^bridge_events_published_total\{[^}]*portal="acme"[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0),
    );
    const count = counts.reduce((sum, one) => sum + one, 0);
    return count >= EVENTS ? count : undefined;
  });
  const { portals } = JSON.parse(
    await composition.inBridge('node', 'dist/cli/main.js', 'portals', 'list', '--json'),
  );
  console.log(`${published} events published; ${JSON.stringify(portals)}`);
  const [acme, ...others] = portals.map(({ name, state, memberId }) => ({ name, state, memberId }));
  same([acme?.name, acme?.state, others], ['acme', 'active', []]);
  return acme?.memberId;
}

/** The metrics of so many bridges. */
async function metricsOfAll(bridges) {
  const code = `const { lookup } = require('node:dns/promises');
    lookup('bridges', { all: true, family: 4 }).then(async (found) => {
      const texts = found.map(async ({ address }) => (await fetch('http://' + address + ':3000/metrics')).text());
      console.log(JSON.stringify(await Promise.all(texts)));
    });`;
  const texts = JSON.parse(await composition.inBridge('node', '-e', code));
  if (texts.length !== bridges) throw new Error(`${texts.length} bridges answer, and not ${bridges}`);
  return texts;
}

async function down(which) {
  say(`down: ${which.join(', ')}`);
  await composition.run(which, ['down']);
}

async function observed() {
  if (!profiles.includes('observability')) return;
  say('what Prometheus and Grafana see');
  await until('Prometheus reads all replicas', async () => {
    // Not what it remembers: for five minutes it counts replicas of before the restart.
    const { data: now } = JSON.parse(
      await composition.get('http://prometheus:9090/api/v1/targets?state=active'),
    );
    const seen = now.activeTargets.map(({ health, lastError }) => `${health} ${lastError}`.trim());
    if (seen.join() === 'up,up,up') return true;
    throw new Error(`it sees ${JSON.stringify(seen)}`);
  });
  const { data } = JSON.parse(await composition.get('http://prometheus:9090/api/v1/rules'));
  ok(data.groups.length > 0, 'Prometheus has no alert rules');
  const search = 'http://grafana:3000/api/search?type=dash-db';
  const admin = `admin:${composition.settings.GRAFANA_PASSWORD}`;
  const found = await until('Grafana has the dashboard', async () => {
    const all = JSON.parse(await composition.get(search, admin));
    return all.length > 0 ? all : undefined;
  });
  console.log(`Grafana: ${JSON.stringify(found)}`);
}
