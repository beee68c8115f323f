import { Socket } from 'node:net';
import { afterAll, afterEach, expect } from '@jest/globals';
import { UNIT } from '../../jest.config.mjs';

/** Connections to a broker or a database server that the running test has asked for. */
export const refused = [];

const portOf = (url, standard) => Number((URL.canParse(url) && new URL(url).port) || standard);
const SERVERS = new Map([
  [5672, 'RabbitMQ'],
  [portOf(process.env.RABBITMQ_URL?.split(',')[0], 5672), 'RabbitMQ'],
  [5432, 'PostgreSQL'],
  [portOf(process.env.POSTGRES_URL, 5432), 'PostgreSQL'],
]);

const { connect } = Socket.prototype;

/** Before each suite. */
export default function refuseServers() {
  if (!UNIT.test(expect.getState().testPath ?? '')) return;
  Socket.prototype.connect = function (...args) {
    // Node's own functions hand over their arguments in one array.
    const [first] = Array.isArray(args[0]) ? args[0] : args;
    const server = SERVERS.get(Number(typeof first === 'object' ? first?.port : first));
    if (server === undefined) return connect.apply(this, args);
    refused.push(server);
    throw new Error(`no ${server} for unit tests: see CONTRIBUTING.md, "Running tests"`);
  };
  afterAll(() => {
    Socket.prototype.connect = connect;
  });
  // The code under test may have taken the error for an outage.
  afterEach(() => {
    expect(refused.splice(0)).toEqual([]);
  });
}
