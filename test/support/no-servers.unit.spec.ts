import { createServer, connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import amqp from 'amqplib';
import pg from 'pg';
import { UNIT } from '../../jest.config.mjs';
import { refused } from './no-servers.mjs';

describe('a unit test', () => {
  it('is refused a broker and a database server, and may have servers of its own', async () => {
    await expect(amqp.connect('amqp://127.0.0.1:5672')).rejects.toThrow('no RabbitMQ for unit tests');
    await expect(
      new pg.Client({ connectionString: 'postgres://127.0.0.1:5432/postgres' }).connect(),
    ).rejects.toThrow('no PostgreSQL for unit tests');
    // A test that swallows the error fails at its end by this.
    expect(refused.splice(0)).toEqual(['RabbitMQ', 'PostgreSQL']);

    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    server.close();
  });

  it('is told by its path', () => {
    expect(
      [
        '/a/src/config/settings.spec.ts',
        '/a/emulator/batch.spec.ts',
        '/a/test/model/twin.spec.ts',
        '/a/test/support/no-servers.unit.spec.ts',
        '/a/src/broker/publisher.rmq.spec.ts',
        '/a/test/ledger/leases.spec.ts',
        '/a/test/replies.spec.ts',
      ].map((path) => UNIT.test(path)),
    ).toEqual([true, true, true, true, false, false, false]);
  });
});
