import { networkInterfaces } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { startEmulator } from './start.js';

/** Addresses of this machine by which others reach it. */
const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ internal, family }) => !internal && family === 'IPv4')
  .map(({ address }) => address);

describe('loopbackOnly', () => {
  it('serves every loopback address and nobody else', async () => {
    const emulator = await startEmulator({ host: '0.0.0.0', loopbackOnly: true });
    try {
      const ask = (address: string) => fetch(`http://${address}:${emulator.port}/_control`);
      expect((await ask('127.0.0.1')).status).toBe(200);
      expect((await ask('127.1.2.3')).status).toBe(200);
      for (const address of outside) await expect(ask(address)).rejects.toThrow();
    } finally {
      await emulator.close();
    }
  });
});
