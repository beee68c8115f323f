import { afterEach, expect, it, jest } from '@jest/globals';
import { type EmulatedPortal } from '../../emulator/index.js';
import { run } from '../cli/command-line.js';
import { until } from '../support/until.js';
import { linesOf } from '../support/before-install.js';
import { EVENT, ReplicaSet, START_WITHIN_MS } from './replica-set.js';

jest.setTimeout(180_000);

let set: ReplicaSet;
afterEach(() => set.close());

const keyOf = async (portal: EmulatedPortal, id: string) => {
  portal.push({ event: EVENT, data: { FIELDS: { ID: id } } });
  const found = () => set.downstream.received.find(({ objectId }) => objectId === id);
  await until(`event ${id}`, () => found() !== undefined);
  return found()?.routingKey.split('.')[0];
};

it('a name that changes is followed by every replica, whoever runs the portal', async () => {
  set = await ReplicaSet.prepare(['acme', 'bravo']);
  await set.startAll(2, [1, 1]);
  const [acme, bravo] = set.portals() as [EmulatedPortal, EmulatedPortal];
  const [first] = set.replicas;
  if (first === undefined) throw new Error('no replica');
  const renames = (name: string) =>
    until(`all to follow to ${name}`, () =>
      set.replicas.every((replica) =>
        linesOf(replica, 'portal.renamed').some(({ message }) => message['portal'] === name),
      ),
    );
  for (const [portal, name] of [
    [acme, 'sales'],
    [bravo, 'support'],
  ] as const) {
    expect(await run(first, ['portals', 'rename', portal.name, name, '--yes'])).toMatchObject({
      exitCode: 0,
    });
    await renames(name);
    expect(await keyOf(portal, name)).toBe(name);
  }
  // One takes the place of another: whichever replica is told, and whichever runs them.
  for (const [portal, name] of [
    [acme, 'sales'],
    [bravo, 'support'],
  ] as const) {
    await run(first, ['portals', 'remove', name, '--yes']);
    const present = set.emulator.addPortal({ name: `${portal.name}-2`, site: `${portal.name}.localhost` });
    await first.logged('http.listening', START_WITHIN_MS);
    expect((await present.install(`${first.url}/bitrix24/install`)).status).toBe(200);
    await until('its bindings', () => present.bindings().length > 0);
    expect(await keyOf(present, `${name}-2`)).toBe(name);
  }
  const lines = set.replicas.flatMap((replica) => linesOf(replica, 'portal.replaced'));
  expect(lines.map(({ message }) => message['former'])).toEqual([
    `sales-old-${acme.memberId.slice(0, 8)}`,
    `support-old-${bravo.memberId.slice(0, 8)}`,
  ]);
});
