import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PacedConnection } from './paced-connection.js';
import { FairScheduler } from './fair-scheduler.js';

describe('a connection that is read in pieces', () => {
  let server: Server;
  let client: Socket;
  let connection: PacedConnection;
  let unread = 0;

  beforeEach(async () => {
    unread = 0;
    server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => undefined);
    const [raw] = await accepted;
    connection = new PacedConnection(raw, new FairScheduler(), 300, () => (unread += 1));
    connection.on('error', () => undefined);
  });
  afterEach(() => {
    client.destroy();
    connection.destroy();
    server.close();
  });

  it('hands on every byte in its order, and the end after them', async () => {
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_each, index) => (index * 7) % 251));
    client.end(sent);
    const pieces: Buffer[] = [];
    connection.on('data', (piece: Buffer) => pieces.push(piece));
    await once(connection, 'end');
    expect(Buffer.concat(pieces).equals(sent)).toBe(true);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(1024);
  });

  it('hands on nothing while it is held, and goes on where it was', async () => {
    client.write('x'.repeat(10_000));
    let length = 0;
    connection.on('data', (piece: Buffer) => {
      length += piece.length;
      connection.hold();
    });
    await once(connection, 'data');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = length;
    expect(before).toBeLessThanOrEqual(1024);
    connection.release();
    await once(connection, 'data');
    expect(length).toBeGreaterThan(before);
  });

  it('is closed when its client does not read, which is told', async () => {
    client.pause();
    connection.write(Buffer.alloc(64 * 1024 * 1024));
    await once(connection, 'close');
    expect(unread).toBe(1);
  });

  it('stays when its client reads slowly what is sent in parts', async () => {
    client.on('data', () => undefined);
    for (let part = 0; part < 5; part += 1) {
      connection.write(Buffer.alloc(1024));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect([connection.destroyed, unread]).toEqual([false, 0]);
  });
});
