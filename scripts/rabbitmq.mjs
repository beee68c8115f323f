import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { amqpAnswers } from './amqp-probe.mjs';
import { aptInstall, canAptInstall, canCompose, composeUp } from './installers.mjs';
import { findProgram, freePorts, TemporaryServer } from './temporary-server.mjs';

const NOWHERE =
  'No RabbitMQ: RABBITMQ_URL is not set, none answers guest/guest on 127.0.0.1:5672, rabbitmq-server is not ' +
  'installed and cannot be installed here (that takes root on Debian or Ubuntu), and no Docker engine ' +
  'answers. Start one (docker compose up -d rabbitmq) or set RABBITMQ_URL.';

/** Debian's and Red Hat's programs on the PATH are wrappers that insist on their own folders and account. */
const PACKAGED_FOLDERS = ['/usr/lib/rabbitmq/bin'];

/**
 * A RabbitMQ to work with: the one of RABBITMQ_URL, or one that answers on this machine, or a private node,
 * installed first if need be, or a container. `stop()` ends what this call started and nothing else.
 * With `private`, always a node of its own, which can be killed and restarted on the same data.
 * @throws {Error} saying what to do when there is no way
 */
export async function provideRabbitmq({ log = () => {}, private: own = false } = {}) {
  if (!own) {
    if (process.env.RABBITMQ_URL) return { url: process.env.RABBITMQ_URL, stop: async () => {} };
    const port = Number(process.env.RABBITMQ_PROBE_PORT ?? 5672);
    if (await amqpAnswers({ port })) {
      return { url: `amqp://guest:guest@127.0.0.1:${port}`, stop: async () => {} };
    }
  }
  if (findProgram('rabbitmq-server', PACKAGED_FOLDERS) === undefined && canAptInstall()) {
    await aptInstall(['rabbitmq-server'], log);
  }
  const server = findProgram('rabbitmq-server', PACKAGED_FOLDERS);
  if (server !== undefined) return startPrivateNode(server, log);
  if (!own && (await canCompose())) {
    const stop = await composeUp('rabbitmq', log);
    return { url: 'amqp://guest:guest@127.0.0.1:5672', stop };
  }
  throw new Error(NOWHERE);
}

async function startPrivateNode(server, log) {
  const temporary = new TemporaryServer({ name: 'rabbitmq', account: 'rabbitmq', stopSignal: 'SIGKILL' });
  try {
    const node = new PrivateNode(server, temporary, ...(await freePorts(3)));
    const began = Date.now();
    await node.start();
    log(`RabbitMQ: private node on port ${node.port}, up in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    return {
      url: `amqp://guest:guest@127.0.0.1:${node.port}`,
      nodeName: node.name,
      folder: temporary.folder,
      ctl: (...args) => node.ctl(args),
      untilOnDisk: (...queues) => node.untilOnDisk(queues),
      kill: () => node.kill(),
      restart: () => node.restart(),
      stop: () => temporary.stop(),
    };
  } catch (error) {
    await temporary.stop();
    throw error;
  }
}

/** One RabbitMQ node in a temporary folder, with an Erlang port mapper of its own beside it. */
class PrivateNode {
  #process;

  constructor(server, temporary, port, distributionPort, mapperPort) {
    this.server = server;
    this.temporary = temporary;
    this.port = port;
    this.mapperPort = mapperPort;
    this.name = `private-${randomBytes(4).toString('hex')}@localhost`;
    const path = (name) => temporary.path(name);
    this.env = {
      RABBITMQ_NODENAME: this.name,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_DIST_PORT: String(distributionPort),
      // The port mapper that a node starts for itself outlives it; ours is a child like the node.
      ERL_EPMD_PORT: String(mapperPort),
      ERL_FLAGS: '-kernel inet_dist_use_interface {127,0,0,1}',
      ERL_CRASH_DUMP: path('erl_crash.dump'),
      RABBITMQ_MNESIA_BASE: path('data'),
      RABBITMQ_LOG_BASE: path('log'),
      RABBITMQ_PID_FILE: path('pid'),
      RABBITMQ_FEATURE_FLAGS_FILE: path('feature_flags'),
      RABBITMQ_GENERATED_CONFIG_DIR: path('config'),
      RABBITMQ_SCHEMA_DIR: path('schema'),
      // Every file of the installed service that could leak into this node is replaced by an empty one.
      RABBITMQ_ENABLED_PLUGINS_FILE: temporary.write('enabled_plugins', '[].\n'),
      RABBITMQ_CONF_ENV_FILE: temporary.write('rabbitmq-env.conf', ''),
      RABBITMQ_CONFIG_FILE: temporary.write('rabbitmq.conf', ''),
      RABBITMQ_CONFIG_FILES: path('conf.d'),
      RABBITMQ_ADVANCED_CONFIG_FILE: temporary.write('advanced.config', '[].\n'),
      // Makes the start script become the node instead of waiting for it, so that a kill meets the node.
      RUNNING_UNDER_SYSTEMD: 'true',
    };
  }

  async start() {
    const { temporary } = this;
    const mapper = findProgram('epmd');
    if (mapper !== undefined && this.mapper?.ended !== false) {
      this.mapper = temporary.start(mapper, ['-port', String(this.mapperPort), '-address', '127.0.0.1'], {
        output: 'epmd.log',
      });
    }
    this.#process = temporary.start(this.server, [], { env: this.env, output: 'rabbitmq.log' });
    await temporary.until(this.#process, () => amqpAnswers({ port: this.port }), {
      seconds: 90,
      output: 'rabbitmq.log',
    });
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
    return this.temporary.run(program, ['--node', this.name, ...args], this.env);
  }
}
