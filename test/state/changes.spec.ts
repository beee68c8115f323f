import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type BridgeProcess } from '../support/bridge-process.js';
import { type Received } from '../support/downstream.js';
import { OwnPortal } from '../support/own-portal.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

const DEAL = 2;

interface State {
  readonly status: string;
  readonly object: Record<string, unknown> | null;
  readonly changed?: Record<string, { from: unknown; to: unknown }> | null;
}
const stateOf = (event: Received | undefined): State | undefined =>
  (event?.body['data'] as { state?: State } | undefined)?.state;

const SETTINGS = {
  STATE: 'crm.deal',
  STATE_FIELDS: 'crm.deal:title,stageId',
  STATE_CHANGES: 'true',
  TOKEN_ENCRYPTION_KEY: Buffer.alloc(32, 3).toString('base64'),
  B24_RATE_PER_SECOND: '50',
  RETRY_BASE_DELAY_MS: '500',
  RETRY_MAX_DELAY_MS: '1000',
};

const PLANS = [
  { plan: 'with reservations', extended: true },
  { plan: 'on a plan without', extended: false },
] as const;
const PACE = { ratePerSecond: 50 };

let system: TestSystem;
let rejects: (event: Received) => boolean = () => false;

beforeAll(async () => {
  system = await TestSystem.open({
    settings: SETTINGS,
    onEvent: (event, downstream) => {
      if (rejects(event)) downstream.channel.nack(event.message, false, false);
      else downstream.channel.ack(event.message);
    },
    consume: { deadLetterToFailures: true },
  });
}, 60_000);
afterAll(() => system.close());

describe.each(PLANS)('events that tell what has changed, $plan', ({ extended }) => {
  let own: OwnPortal;
  /** What it had received before the test. */
  let before: number;

  beforeAll(async () => {
    own = await OwnPortal.installed(system, { extended, ...PACE });
  });
  beforeEach(() => {
    rejects = () => false;
    before = own.received.length;
  });
  afterEach(() => until('an empty queue', () => own.portal.rows().length === 0));
  afterAll(() => own.leave());

  const received = () => own.received.slice(before);
  const events = async (count: number) => {
    await until(`${count} events`, () => received().length >= count);
    return received().map(stateOf);
  };

  it('say nothing at first sight, then each change once, and nothing where nothing changed', async () => {
    const { id } = own.portal.objects.add(DEAL, { title: 'Chairs', stageId: 'NEW' });
    expect((await events(1))[0]).toMatchObject({ status: 'read', changed: null });
    own.portal.objects.update(DEAL, id, { stageId: 'WON', comments: 'not asked for' });
    expect((await events(2))[1]?.changed).toEqual({ stageId: { from: 'NEW', to: 'WON' } });
    own.portal.objects.update(DEAL, id, { comments: 'still not' });
    expect((await events(3))[2]?.changed).toEqual({});
  });

  it('tell a change again at the retry of the event that told of it, and go on from there', async () => {
    const { id } = own.portal.objects.add(DEAL, { title: 'Tables', stageId: 'NEW' });
    await events(1);
    rejects = ({ attempt, objectId }) => objectId === String(id) && attempt === 1;
    own.portal.objects.update(DEAL, id, { stageId: 'WON' });
    await events(2);
    own.portal.objects.update(DEAL, id, { title: 'Two tables' }, { silent: true });
    const told = await events(3);
    expect(told[1]?.changed).toEqual({ stageId: { from: 'NEW', to: 'WON' } });
    expect(told[2]?.changed).toEqual({
      title: { from: 'Tables', to: 'Two tables' },
      stageId: { from: 'NEW', to: 'WON' },
    });
    rejects = () => false;
    own.portal.objects.update(DEAL, id, { stageId: 'PAID' });
    expect((await events(4))[3]?.changed).toEqual({ stageId: { from: 'WON', to: 'PAID' } });
  });

  it('begin anew after a delete, and keep nothing of what was deleted', async () => {
    const { id } = own.portal.objects.add(DEAL, { title: 'Lamp', stageId: 'NEW' });
    await events(1);
    own.portal.objects.delete(DEAL, id);
    expect((await events(2))[1]).toEqual({ status: 'gone', readAt: null, object: null, changed: null });
    own.portal.objects.add(DEAL, { title: 'Another lamp' }, { id });
    expect((await events(3))[2]?.changed).toBeNull();
  });

  it('tell in order what happens to one object while others are under way', async () => {
    const ids = Array.from({ length: 30 }, () => own.portal.objects.add(DEAL, { stageId: '0' }).id);
    await events(30);
    for (let step = 1; step <= 5; step += 1) {
      own.portal.objects.updateMany(DEAL, ids, { stageId: String(step) });
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    await until(
      'the last state of each',
      () =>
        new Set(
          received()
            .filter((event) => stateOf(event)?.object?.['stageId'] === '5')
            .map(({ objectId }) => objectId),
        ).size === 30,
    );
    for (const id of ids) {
      const its = received()
        .filter(({ objectId }) => objectId === String(id))
        .map(stateOf);
      // Each tells from where the one before has ended: nothing is left out, nothing told twice.
      let at = '0';
      for (const state of its.slice(1)) {
        const step = state?.changed?.['stageId'];
        if (step === undefined) continue;
        expect(step.from).toBe(at);
        at = String(step.to);
      }
      expect(at).toBe('5');
    }
  });
});

describe('events that tell what has changed', () => {
  let killed: TestSystem<BridgeProcess>;
  /** A portal of each plan, a deal of which has changed while the service was down after a crash. */
  const crashed = new Map<boolean, OwnPortal>();

  beforeAll(async () => {
    killed = await TestSystem.open({ process: true, settings: SETTINGS });
    const ids = new Map<OwnPortal, number>();
    for (const { extended } of PLANS) {
      const own = await OwnPortal.installed(killed, { extended, ...PACE });
      const { id } = own.portal.objects.add(DEAL, { title: 'Desk', stageId: 'NEW' });
      await until('the first event', () => own.received.length === 1);
      await until('an empty queue', () => own.portal.rows().length === 0);
      // A plan without reservations has an empty queue before anything is published.
      await until('the event to settle', async () => {
        const { body } = await killed.get('/metrics');
        return body.includes(
          `bridge_events_settled_total{portal="${own.portal.name}",outcome="processed"} 1\n`,
        );
      });
      crashed.set(extended, own);
      ids.set(own, id);
    }
    await killed.bridge.stop('SIGKILL');
    for (const [{ portal }, id] of ids) portal.objects.update(DEAL, id, { stageId: 'WON' });
    killed.bridge.start();
  }, 60_000);
  afterAll(() => killed.close());

  it.each(PLANS)('remember over a crash, $plan', async ({ extended }) => {
    const own = crashed.get(extended);
    await until('the change', () => (own?.received.length ?? 0) >= 2);
    expect(stateOf(own?.received[1])?.changed).toEqual({ stageId: { from: 'NEW', to: 'WON' } });
    await until('an empty queue', () => own?.portal.rows().length === 0);
  });
});
