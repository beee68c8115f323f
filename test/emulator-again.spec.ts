import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../scripts/free-ports.mjs';
import { ProgramRun } from './support/program-run.js';

const EMULATOR = join(import.meta.dirname, '../build/emulator/cli.js');

describe('the emulated portal that is started again', () => {
  const runs: ProgramRun[] = [];
  const start = async (...args: string[]) => {
    const port = String(await freePort());
    const run = new ProgramRun(EMULATOR, ['--port', port, ...args], { limitMs: 20_000 });
    runs.push(run);
    await run.says(/_control\/portals/);
    const answer = await fetch(`http://127.0.0.1:${port}/_control/portals`);
    const { clientId, portals } = (await answer.json()) as {
      clientId: string;
      portals: { name: string; memberId: string }[];
    };
    const [, secret] = /^B24_CLIENT_SECRET=(.+)$/m.exec(run.output) ?? [];
    return { run, clientId, secret, members: portals.map(({ name, memberId }) => [name, memberId]) };
  };
  afterEach(async () => {
    await Promise.all(runs.splice(0).map((run) => run.end()));
  });

  it('is the same portal, with the same application', async () => {
    const { run: _run, ...first } = await start('--portals', 'acme,shop');
    const { run: _again, ...again } = await start('--portals', 'acme,shop');
    expect(again).toEqual(first);
    expect(new Set(first.members.map(([, memberId]) => memberId)).size).toBe(2);
    const other = await start('--portals', 'shop', '--client-id', 'local.demo', '--client-secret', '');
    expect(other.clientId).toBe('local.demo');
    expect(other.secret).toMatch(/^\w{32}$/);
    expect(other.members).toEqual([first.members[1]]);
  }, 60_000);

  it('installs the application once somebody takes it', async () => {
    const told: string[] = [];
    const bridge = createServer((request, response) => {
      void request.toArray().then((chunks: Buffer[]) => {
        told.push(Buffer.concat(chunks).toString());
        response.writeHead(told.length === 1 ? 503 : 200).end();
      });
    });
    bridge.listen(0, '127.0.0.1');
    await once(bridge, 'listening');
    const { port } = bridge.address() as AddressInfo;
    try {
      const { run, members } = await start('--install', `http://127.0.0.1:${port}/bitrix24/install`);
      await run.says(/acme: .* refuses the installation with 503[^]*acme: the application is installed/);
      const form = new URLSearchParams(told[1]);
      expect(form.get('event')).toBe('ONAPPINSTALL');
      expect([['acme', form.get('auth[member_id]')]]).toEqual(members);
      expect(told).toHaveLength(2);
    } finally {
      bridge.close();
    }
  }, 60_000);
});
