import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { openBeforeInstall } from '../support/before-install.js';
import { OwnPortal } from '../support/own-portal.js';
import { type TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';
import { begin } from './command-line.js';
import { json, run } from './in-process.js';

const QUICK = { RETRY_BASE_DELAY_MS: '100', RETRY_MAX_DELAY_MS: '200', FAILURE_BATCH_WAIT_MS: '50' };

interface Listed {
  readonly total: number;
  readonly counts: Record<string, number>;
  readonly events: readonly { seq: number; id: string; state: string; attempt: number; reason: string }[];
}

let system: TestSystem;
/** Objects whose consumer is broken at present. */
const broken = new Set<string>();

/** One service for the tests of a `describe`, which leave nothing in trouble behind. */
function share(settings: Record<string, string>): void {
  beforeAll(async () => {
    system = await openBeforeInstall({
      settings: { SETTLE_MODE: 'ack', SETTLE_AFTER_MS: '60000', ...settings },
      onEvent: (event, downstream) => {
        if (broken.has(event.objectId)) downstream.reply({ status: 'failed', reason: 'out of stock' }, event);
        else downstream.reply({ status: 'processed' }, event);
        downstream.channel.ack(event.message);
      },
    });
  });
  afterEach(async () => {
    broken.clear();
    await run(system.bridge, ['events', 'discard', '--all-portals', '--yes']);
    await system.downstream.channel.purgeQueue(system.downstream.names.dead);
  });
  afterAll(() => system?.close());
}

const listOf =
  ({ portal }: OwnPortal) =>
  (...args: string[]) =>
    json<Listed>(system.bridge, ['events', 'list', '--portal', portal.name, ...args]);
const attemptsOf = ({ received }: OwnPortal, objectId: string) =>
  received.filter((event) => event.objectId === objectId).map((event) => event.attempt);
const untilListed = (own: OwnPortal, state: string, count: number) =>
  until(`${count} ${state}`, async () => (await listOf(own)('--state', state)).total === count);

describe('the command line, of events,', () => {
  share({ ...QUICK, RETRY_MAX_ATTEMPTS: '2' });

  it('lists a dead one, shows it, and has it delivered again: a new series under the same id', async () => {
    broken.add('2');
    const own = await OwnPortal.installed(system);
    const { name, domain } = own.portal;
    const list = listOf(own);
    own.push(1, 3);
    await untilListed(own, 'dead', 1);
    const { events, exitCode } = await list('--event', 'oncrmdealupdate');
    expect(exitCode).toBe(0);
    const [first] = own.received.filter((event) => event.objectId === '2');
    expect(events).toMatchObject([
      { id: first?.id, state: 'dead', attempt: 2, reason: 'out of stock', portal: name },
    ]);
    const id = first?.id ?? '';

    const shown = await json<{ deliveries: { body: unknown; routingKey: string; state: string }[] }>(
      system.bridge,
      ['events', 'show', id],
    );
    expect(shown.deliveries).toMatchObject([
      {
        id,
        seq: events[0]?.seq,
        routingKey: `${name}.crm.deal.update`,
        body: { id, subject: 'crm.deal/2', attempt: 2 },
      },
    ]);
    const page = await run(system.bridge, ['events', 'show', String(events[0]?.seq)]);
    expect(page.stdout).toMatch(/^state +dead$/m);
    expect(page.stdout).toContain('"subject": "crm.deal/2"');

    // It still fails: once more the full number of attempts, then it is dead again.
    expect(await json(system.bridge, ['events', 'retry', id])).toMatchObject({
      exitCode: 0,
      matched: 1,
      renewed: 1,
    });
    await until(
      'a second dead letter',
      async () => (await system.downstream.depth(system.downstream.names.dead)) === 2,
    );
    expect(attemptsOf(own, '2')).toEqual([1, 2, 3, 4]);
    await untilListed(own, 'dead', 1);

    broken.clear();
    const retried = await run(system.bridge, ['events', 'retry', '--portal', domain]);
    expect(retried).toMatchObject({ exitCode: 0 });
    expect(retried.stdout).toContain('1 begin a new series of 2 attempts');
    await until('the delivery', () => attemptsOf(own, '2').length === 5);
    expect(attemptsOf(own, '2')).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(own.received.filter((e) => e.objectId === '2').map((e) => e.id)).size).toBe(1);
    await until('nothing in trouble', async () => (await list()).total === 0);
    const processed = ['events', 'find', `${name} deal 2`, '--state', 'processed'];
    await until('it to be processed', async () => (await run(system.bridge, processed)).exitCode === 0);
    expect(await json(system.bridge, ['events', 'find', `${name} deal 2`])).toMatchObject({
      exitCode: 0,
      events: [{ id, subject: 'crm.deal/2', outcome: 'processed', attempts: 5, inHistory: false }],
    });
    expect((await run(system.bridge, ['events', 'find', `${name} deal 9`])).exitCode).toBe(1);
    expect(
      (await run(system.bridge, ['events', 'find', 'OUT OF stock', '--state', 'processed'])).stdout,
    ).toContain('crm.deal/2');
    const told = await json<{ timeline: { what: string; by: string | null; via: string | null }[] }>(
      system.bridge,
      ['events', 'show', id],
    );
    expect(told.timeline.filter(({ what }) => what === 'failed')).toHaveLength(4);
    expect(told.timeline.filter(({ what }) => what === 'dead')).toHaveLength(2);
    expect(told.timeline.filter(({ what, by }) => what === 'retried' && by !== null)).toHaveLength(2);
    expect(told.timeline[0]).toMatchObject({ what: 'changed' });
    expect(told.timeline.at(-1)).toMatchObject({ what: 'settled', outcome: 'processed' });
    expect(await json(system.bridge, ['events', 'show', id])).toMatchObject({
      deliveries: [{ state: 'processed' }],
    });
    expect(await json(system.bridge, ['events', 'retry', id])).toMatchObject({
      exitCode: 1,
      left: { processed: 1 },
    });
  }, 180_000);

  it('discards a dead one when told so twice, and clears the portal of one that waits', async () => {
    broken.add('1').add('2');
    const own = await OwnPortal.installed(system);
    const list = listOf(own);
    own.push(1, 2);
    await untilListed(own, 'dead', 2);
    const [one, two] = (await list('--state', 'dead')).events;

    const refused = begin(system.bridge, ['events', 'discard', one?.id ?? '']);
    await refused.says('[y/N]');
    refused.type('no');
    expect(await refused.ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await run(system.bridge, ['events', 'discard', '--portal', own.portal.name])).toMatchObject({
      exitCode: 1,
    });
    await untilListed(own, 'dead', 2);

    const agreed = begin(system.bridge, ['events', 'discard', one?.id ?? '']);
    await agreed.says('[y/N]');
    agreed.type('y');
    expect(await agreed.ended).toMatchObject({ exitCode: 0 });
    expect((await list('--state', 'dead')).events).toMatchObject([{ id: two?.id }]);
    const all = await json(system.bridge, ['events', 'discard', '--all-portals', '--yes']);
    expect(all).toMatchObject({ exitCode: 0, discarded: 1 });
    const again = await json(system.bridge, ['events', 'discard', '--all-portals', '--yes']);
    expect(again).toMatchObject({ exitCode: 1, matched: 0 });
    expect(await json(system.bridge, ['events', 'show', two?.id ?? ''])).toMatchObject({
      deliveries: [
        {
          state: 'processed',
          reason: expect.stringMatching(/^discarded by .+@.+; out of stock$/) as unknown,
        },
      ],
    });
    await until('an empty queue', () => own.portal.rows().length === 0);
  }, 180_000);
});

describe('the command line, of events,', () => {
  share({ RETRY_MAX_ATTEMPTS: '5', FAILURE_BATCH_WAIT_MS: '50' });

  it('has one that waits, or is marked, delivered now instead of in ten minutes', async () => {
    broken.add('1');
    const own = await OwnPortal.installed(system);
    const list = listOf(own);
    own.push(1, 1);
    await until('the failure', async () => (await list()).total === 1);
    // As many attempts as consumers have seen, whether the next one has its number already or not.
    expect((await run(system.bridge, ['events', 'list', '--portal', own.portal.name])).stdout).toMatch(
      / (failed|marked|waiting) +1 /,
    );
    broken.clear();
    await until('the retry', async () => {
      await run(system.bridge, ['events', 'retry', '--all-portals', '--event', 'ONCRMDEALUPDATE']);
      return attemptsOf(own, '1').length === 2;
    });
    await until('an empty queue', () => own.portal.rows().length === 0);
    expect(attemptsOf(own, '1')).toEqual([1, 2]);
  }, 180_000);

  it('discards one that waits under a reservation: the next round clears it', async () => {
    broken.add('1');
    const own = await OwnPortal.installed(system);
    const list = listOf(own);
    own.push(1, 1);
    await until('the mark', async () =>
      ['marked', 'waiting'].includes((await list()).events[0]?.state ?? ''),
    );
    expect(await json(system.bridge, ['events', 'retry', '--portal', own.portal.name])).toMatchObject({
      exitCode: 0,
      matched: 1,
    });
    // Marked, fetched again, failed once more: held, and due for its third attempt in many minutes.
    await until('a wait', async () => {
      const [event] = (await list('--state', 'waiting')).events;
      return event?.attempt === 3;
    });
    expect(own.portal.rows()).toHaveLength(1);
    const done = await json(system.bridge, [
      'events',
      'discard',
      '--portal',
      own.portal.name,
      '--state',
      'waiting',
      '--yes',
    ]);
    expect(done).toMatchObject({ exitCode: 0, discarded: 1 });
    await until('an empty queue', () => own.portal.rows().length === 0);
    expect((await list()).total).toBe(0);
    expect(own.received.map((event) => event.attempt)).toEqual([1, 2]);
  }, 180_000);

  it('refuses what is not clear', async () => {
    const { name } = (await OwnPortal.installed(system)).portal;
    for (const args of [
      ['retry'],
      ['discard', '--yes'],
      ['retry', '--state', 'dead'],
      ['retry', '--portal', name, '--all-portals'],
      ['retry', '17', '--portal', name],
      ['retry', '--portal', name, '--state', 'published'],
      ['list', '--limit', '0'],
      ['show', 'what'],
      ['show'],
    ]) {
      expect([args, (await run(system.bridge, ['events', ...args])).exitCode]).toEqual([args, 2]);
    }
    const strange = await run(system.bridge, ['events', 'show', '\u001b[2Jwhat']);
    expect(strange.stderr).toContain('\\u001b[2Jwhat');
    expect(strange.stderr).not.toContain('\u001b');
    expect(await json(system.bridge, ['events', 'show'])).toMatchObject({
      exitCode: 2,
      error: expect.stringContaining('missing required argument') as unknown,
    });
    expect(await json(system.bridge, ['events', 'show', '4711'])).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining('nothing is known of the event 4711') as unknown,
    });
    expect(await json(system.bridge, ['events', 'retry', '--portal', 'nowhere'])).toMatchObject({
      exitCode: 1,
      error: expect.stringMatching(new RegExp(`there are: .*\\b${name}\\b`)) as unknown,
    });
    expect((await run(system.bridge, ['events', 'retry', '--all-portals'])).exitCode).toBe(1);
  }, 180_000);

  // The last one: the service ends.
  it('shows rows that the portal holds under a process id nobody knows', async () => {
    const own = await OwnPortal.installed(system);
    const { portal } = own;
    await system.bridge.stop();
    own.push(1, 2);
    const { process_id: processId } = portal.queue.get({ clear: 0 });
    own.push(3, 3);
    const { exitCode, orphans } = await json<{ orphans: { processId: string; rowId: string }[] }>(
      system.bridge,
      ['events', 'list', '--state', 'orphan'],
    );
    expect(exitCode).toBe(0);
    expect(orphans.map((orphan) => orphan.processId)).toEqual([processId, processId]);
    expect(portal.rows().filter((row) => row.PROCESS_ID === '')).toHaveLength(1);

    portal.revoke();
    const failed = await json(system.bridge, ['events', 'list', '--state', 'orphan']);
    expect(failed).toMatchObject({ exitCode: 1, failures: [{ portal: portal.name }] });
  }, 180_000);
});
