import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { amqpAnswers } from './amqp-probe.mjs';
import { aptInstall, canAptInstall, canCompose, composeUp } from './installers.mjs';
import { freePorts } from './free-ports.mjs';
import { lightHome } from './rabbitmq-home.mjs';
import { findProgram, TemporaryServer } from './temporary-server.mjs';

const NOWHERE =
  'No RabbitMQ: RABBITMQ_URL is not set, none answers guest/guest on 127.0.0.1:5672, rabbitmq-server is not ' +
  'installed and cannot be installed here (that takes root on Debian or Ubuntu), and no Docker engine ' +
  'answers. Start one (docker compose --env-file .env.demo up -d rabbitmq) or set RABBITMQ_URL.';

/** A command to a node that takes longer hangs, which is to be said and not waited for. */
const CTL_LIMIT_MS = 60_000;

/** Debian's and Red Hat's programs on the PATH are wrappers that insist on their own folders and account. */
const PACKAGED_FOLDERS = ['/usr/lib/rabbitmq/bin'];

/**
 * A RabbitMQ to work with: the one of RABBITMQ_URL, or one that answers on this machine, or a private node,
 * installed first if need be, or a container. `stop()` ends what this call started and nothing else.
 * With `private`, always a node of its own, which can be killed and restarted on the same data, with these of the
 * server's own plugins.
 * @throws {Error} saying what to do when there is no way
 */
export async function provideRabbitmq({ log = () => {}, private: own = false, plugins = [] } = {}) {
  if (!own) {
    if (process.env.RABBITMQ_URL) return { url: process.env.RABBITMQ_URL, stop: async () => {} };
    const port = Number(process.env.RABBITMQ_PROBE_PORT ?? 5672);
    if (await amqpAnswers({ port })) {
      return { url: `amqp://guest:guest@127.0.0.1:${port}`, stop: async () => {} };
    }
  }
  const server = await installedServer(log);
  if (server !== undefined) {
    const { nodes, stop } = await startPrivateNodes(server, 1, log, plugins);
    return { ...nodes[0], stop };
  }
  if (!own && (await canCompose())) {
    const stop = await composeUp('rabbitmq', log);
    return { url: 'amqp://guest:guest@127.0.0.1:5672', stop };
  }
  throw new Error(NOWHERE);
}

/**
 * A cluster of private nodes, each of which can be killed, paused and restarted.
 * @throws {Error} saying what to do when there is no server and none can be installed
 */
export async function provideRabbitmqCluster({ log = () => {}, size = 3 } = {}) {
  const server = await installedServer(log);
  if (server === undefined) throw new Error(NOWHERE);
  return startPrivateNodes(server, size, log);
}

async function installedServer(log) {
  if (findProgram('rabbitmq-server', PACKAGED_FOLDERS) === undefined && canAptInstall()) {
    await aptInstall(['rabbitmq-server'], log);
  }
  return findProgram('rabbitmq-server', PACKAGED_FOLDERS);
}

/** More than one of them are a cluster. */
async function startPrivateNodes(server, size, log, plugins = []) {
  const temporary = new TemporaryServer({ name: 'rabbitmq', account: 'rabbitmq', stopSignal: 'SIGKILL' });
  try {
    const [mapperPort, ...ports] = await freePorts(1 + 2 * size);
    const mapper = new PortMapper(temporary, mapperPort);
    const names = ports
      .slice(0, size)
      .map((_, index) => `private-${randomBytes(4).toString('hex')}-${index + 1}@localhost`);
    // Nodes that start at once would each make one up.
    temporary.write('.erlang.cookie', randomBytes(16).toString('hex'));
    const home = lightHome(server, temporary.folder, plugins);
    const nodes = names.map(
      (name, index) =>
        new PrivateNode(home, temporary, mapper, name, names, plugins, ports[index], ports[size + index]),
    );
    const began = Date.now();
    await Promise.all(nodes.map((node) => node.start()));
    const took = `up in ${((Date.now() - began) / 1000).toFixed(1)} s`;
    if (size === 1) log(`RabbitMQ: private node on port ${nodes[0].port}, ${took}`);
    else log(`RabbitMQ: private cluster on ports ${nodes.map(({ port }) => port).join(', ')}, ${took}`);
    const handles = nodes.map((node) => ({
      url: `amqp://guest:guest@127.0.0.1:${node.port}`,
      nodeName: node.name,
      folder: temporary.folder,
      processes: () => temporary.processes(),
      ctl: (...args) => node.ctl(args),
      eval: (expressions) => node.eval(expressions),
      untilOnDisk: (...queues) => node.untilOnDisk(queues),
      kill: () => node.kill(),
      restart: () => node.restart(),
    }));
    return { nodes: handles, url: handles.map(({ url }) => url).join(','), stop: () => temporary.stop() };
  } catch (error) {
    await temporary.stop();
    throw error;
  }
}

/** The port mapper that a node starts for itself outlives it; ours is a child like the nodes. */
class PortMapper {
  #process;

  constructor(temporary, port) {
    this.temporary = temporary;
    this.port = port;
  }

  start() {
    const program = findProgram('epmd');
    if (program === undefined || this.#process?.ended === false) return;
    this.#process = this.temporary.start(program, ['-port', String(this.port), '-address', '127.0.0.1'], {
      output: 'epmd.log',
    });
  }
}

/** One RabbitMQ node in a temporary folder that it may share with others of its cluster. */
class PrivateNode {
  #process;

  constructor(home, temporary, mapper, name, cluster, plugins, port, distributionPort) {
    this.server = home.server;
    this.temporary = temporary;
    this.mapper = mapper;
    this.name = name;
    this.port = port;
    // Files whose names do not carry the node's.
    const own = (file) => temporary.path(`${file}-${port}`);
    this.output = `rabbitmq-${port}.log`;
    this.env = {
      RABBITMQ_NODENAME: this.name,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_DIST_PORT: String(distributionPort),
      ERL_EPMD_PORT: String(mapper.port),
      ERL_FLAGS: '-kernel inet_dist_use_interface {127,0,0,1}',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: home.erlang,
      ERL_CRASH_DUMP: own('erl_crash.dump'),
      RABBITMQ_MNESIA_BASE: temporary.path('data'),
      RABBITMQ_LOG_BASE: temporary.path('log'),
      RABBITMQ_PID_FILE: own('pid'),
      RABBITMQ_FEATURE_FLAGS_FILE: own('feature_flags'),
      RABBITMQ_GENERATED_CONFIG_DIR: own('config'),
      RABBITMQ_SCHEMA_DIR: own('schema'),
      // Every file of the installed service that could leak into this node is replaced by one of ours.
      RABBITMQ_ENABLED_PLUGINS_FILE: temporary.write('enabled_plugins', `[${plugins.join(',')}].\n`),
      RABBITMQ_CONF_ENV_FILE: temporary.write('rabbitmq-env.conf', ''),
      RABBITMQ_CONFIG_FILE: temporary.write('rabbitmq.conf', clusterSettings(cluster)),
      RABBITMQ_CONFIG_FILES: temporary.path('conf.d'),
      RABBITMQ_ADVANCED_CONFIG_FILE: temporary.write('advanced.config', '[].\n'),
      // Makes the start script become the node instead of waiting for it, so that a kill meets the node.
      RUNNING_UNDER_SYSTEMD: 'true',
    };
  }

  async start() {
    const { temporary, output } = this;
    this.mapper.start();
    this.#process = temporary.start(this.server, [], { env: this.env, output });
    await temporary.until(this.#process, () => amqpAnswers({ port: this.port }), { seconds: 90, output });
  }

  async kill() {
    if (this.#process) await this.temporary.end(this.#process, 'SIGKILL');
  }

  async untilOnDisk(queues) {
    const registry = this.temporary.path('data', this.name, 'quorum', this.name, 'names.dets');
    const deadline = Date.now() + 30_000;
    for (const queue of queues) {
      while (!existsSync(registry) || !readFileSync(registry).includes(queue)) {
        if (Date.now() > deadline)
          throw new Error(`quorum queue ${queue} did not reach the disk within 30 s`);
        await pause(50);
      }
    }
  }

  async restart() {
    await this.kill();
    await this.start();
  }

  ctl(args) {
    const program = join(dirname(this.server), 'rabbitmqctl');
    return this.temporary.run(program, ['--node', this.name, ...args], this.env, { timeout: CTL_LIMIT_MS });
  }

  async eval(expressions) {
    const program = findProgram('erl_call');
    // Takes half a second of CPU, to start an Erlang.
    if (program === undefined) return void (await this.ctl(['eval', expressions]));
    const answer = await this.temporary.run(program, ['-r', '-sname', this.name, '-e'], this.env, {
      timeout: CTL_LIMIT_MS,
      input: `${expressions}\n`,
    });
    if (!answer.startsWith('{ok,')) throw new Error(`${expressions}\n${answer}`);
  }
}

/** Nodes that start together find each other, and the lesser part of a divided cluster stops serving. */
function clusterSettings(names) {
  if (names.length === 1) return '';
  return [
    'cluster_formation.peer_discovery_backend = classic_config',
    ...names.map((name, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${name}`),
    'cluster_partition_handling = pause_minority',
    '',
  ].join('\n');
}
