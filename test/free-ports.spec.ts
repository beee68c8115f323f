import { once } from 'node:events';
import { createServer } from 'node:net';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { freePorts } from '../scripts/free-ports.mjs';

describe('ports for servers that go away and come back', () => {
  it('are different, free, and none that the system gives to others', async () => {
    const ports = await freePorts(50);
    expect(new Set(ports).size).toBe(50);
    expect(Math.max(...ports)).toBeLessThan(firstGiven());
    const servers = ports.map((port) => createServer().listen(port, '127.0.0.1'));
    try {
      await Promise.all(servers.map((server) => once(server, 'listening')));
    } finally {
      for (const server of servers) server.close();
    }
  });
});

/** The least port that a connection or `listen(0)` gets; where the system does not say, that of its standard. */
function firstGiven(): number {
  if (process.platform !== 'linux') return 49_152;
  return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)[0]);
}
