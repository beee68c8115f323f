import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type PortalOptions } from '../../emulator/index.js';
import { Verbatim } from '../../emulator/verbatim.js';
import { run } from '../cli/in-process.js';
import { type Received } from '../support/downstream.js';
import { OwnPortal } from '../support/own-portal.js';
import { TestSystem } from '../support/test-system.js';
import { until } from '../support/until.js';

const [DEAL, CONTACT, SMART] = [2, 3, 134];

interface State {
  readonly status: string;
  readonly readAt: string | null;
  readonly object: Record<string, unknown> | null;
}

const stateOf = ({ body }: Received): State | undefined => (body['data'] as { state?: State }).state;

/** All that was asked of a portal to read objects. */
function reads(own: OwnPortal): { batches: number; lists: number; gets: number } {
  const { perMethod } = own.portal.counters;
  return {
    batches: perMethod['batch'] ?? 0,
    lists: perMethod['crm.item.list'] ?? 0,
    gets: perMethod['crm.item.get'] ?? 0,
  };
}

async function statesOf(own: OwnPortal, count: number): Promise<(State | undefined)[]> {
  await until('its events', () => own.received.length >= count);
  expect(own.received).toHaveLength(count);
  return own.received.map(stateOf);
}

describe('events that carry the state of their objects', () => {
  let system: TestSystem;
  let rejects: (event: Received) => boolean = () => false;

  beforeAll(async () => {
    system = await TestSystem.open({
      settings: {
        STATE: 'crm.deal,crm.contact,crm.dynamic-item',
        STATE_FIELDS: 'crm.deal:title,stageId,opportunity,comments',
        STATE_WAIT_MS: '3000',
        // Rounds every 300 ms take more than an ordinary budget has.
        B24_RATE_PER_SECOND: '50',
        STATE_MAX_BYTES: '2000',
        RETRY_BASE_DELAY_MS: '500',
        RETRY_MAX_DELAY_MS: '1000',
        RETRY_MAX_ATTEMPTS: '2',
        B24_EVENTS: [
          ...['ONCRMDEALADD', 'ONCRMDEALUPDATE', 'ONCRMDEALDELETE', 'ONCRMCONTACTUPDATE', 'ONCRMLEADUPDATE'],
          ...['ONCRMDYNAMICITEMUPDATE', 'ONCRMDYNAMICITEMUPDATE_134', 'ONTASKUPDATE'],
        ].join(','),
      },
      onEvent: (event, downstream) => {
        if (rejects(event)) downstream.channel.nack(event.message, false, false);
        else downstream.channel.ack(event.message);
      },
      consume: { deadLetterToFailures: true },
    });
  });
  const opened: OwnPortal[] = [];
  afterEach(async () => {
    for (const own of opened.splice(0)) await own.leave();
  });
  afterAll(() => system.close());

  const open = async (options: Partial<PortalOptions> = {}) => {
    const own = await OwnPortal.installed(system, { ratePerSecond: 50, ...options });
    await until('bindings', () => own.portal.bindings().length >= 8);
    opened.push(own);
    return own;
  };

  it('says what the object is: the fields that were asked for, every digit as the portal writes it', async () => {
    const own = await open();
    const { id } = own.portal.objects.add(DEAL, {
      title: 'Twelve chairs',
      stageId: 'NEW',
      opportunity: 1200,
      comments: 'by the window',
      sourceDescription: 'not asked for',
    });
    const before = Date.now();
    const [state] = await statesOf(own, 1);
    expect(state).toMatchObject({
      status: 'read',
      object: { id, title: 'Twelve chairs', stageId: 'NEW', comments: 'by the window' },
    });
    expect(Object.keys(state?.object ?? {}).sort()).toEqual([
      'comments',
      'id',
      'opportunity',
      'stageId',
      'title',
    ]);
    expect(Date.parse(state?.readAt ?? '')).toBeGreaterThan(before - 5000);
  });

  it('writes numbers with all of their digits', async () => {
    const own = await open();
    own.portal.objects.add(DEAL, { opportunity: new Verbatim('9007199254740993.10') });
    await statesOf(own, 1);
    expect(own.received[0]?.message.content.toString()).toContain('"opportunity":9007199254740993.10');
  });

  it('leaves personal data out where nothing is said of fields', async () => {
    const own = await open();
    const { id } = own.portal.objects.add(
      CONTACT,
      {
        name: 'Ada',
        lastName: 'Lovelace',
        birthdate: '1815-12-10',
        address: 'London',
        comments: 'x',
        typeId: 'CLIENT',
        companyId: 7,
      },
      { silent: true },
    );
    own.portal.objects.update(CONTACT, id, { post: 'countess' });
    const [state] = await statesOf(own, 1);
    expect(state).toMatchObject({ status: 'read', object: { id, typeId: 'CLIENT', companyId: 7 } });
    const names = Object.keys(state?.object ?? {});
    for (const personal of ['name', 'lastName', 'birthdate', 'address', 'comments', 'post', 'fm'])
      expect(names).not.toContain(personal);
  });

  it('reads an object once for all of its events, fifty at a time', async () => {
    const own = await open();
    own.portal.objects.seed(DEAL, { count: 400 });
    const before = reads(own);
    own.portal.setState('overload');
    own.push(1, 400);
    own.push(1, 50, 'ONCRMDEALADD');
    own.portal.setState('active');
    await system.get(`/bitrix24/none`);
    const states = await statesOf(own, 450);
    expect(states.every((state) => state?.status === 'read')).toBe(true);
    // An event that is reserved while the object is being read needs another read: a few commands more.
    expect(reads(own).lists - before.lists).toBeLessThanOrEqual(12);
    expect(reads(own).gets).toBe(0);
  });

  it('tells what is deleted from what it may not see, and what it cannot read at all', async () => {
    const own = await open();
    own.portal.objects.seed(DEAL, { count: 3 });
    own.portal.objects.setReadable(DEAL, [2], false);
    own.portal.objects.delete(DEAL, 3, { silent: true });
    own.push(2, 3);
    own.portal.objects.delete(DEAL, 1);
    own.portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: 'odd' } }, userId: '1' });
    await statesOf(own, 4);
    const of = (id: string) => stateOf(own.received.find(({ objectId }) => objectId === id)!);
    expect(of('2')).toEqual({ status: 'unreadable', readAt: expect.any(String), object: null });
    expect(of('3')).toEqual({ status: 'gone', readAt: expect.any(String), object: null });
    // The event itself says so: nothing was read.
    expect(of('1')).toEqual({ status: 'gone', readAt: null, object: null });
    expect(of('odd')).toEqual({ status: 'unsupported', readAt: null, object: null });
    expect(reads(own).gets).toBe(2);
  });

  it('carries smart processes, whose number stands in the code or in the data', async () => {
    const own = await open();
    const { id } = own.portal.objects.add(SMART, { title: 'A lease' }, { silent: true });
    own.portal.objects.update(SMART, id, { stageId: 'DT134_1:NEW' });
    const states = await statesOf(own, 2);
    expect(own.received.map(({ body }) => body['type']).sort()).toEqual([
      'ONCRMDYNAMICITEMUPDATE',
      'ONCRMDYNAMICITEMUPDATE_134',
    ]);
    for (const state of states)
      expect(state).toMatchObject({ status: 'read', object: { id, title: 'A lease' } });
    expect(reads(own).lists).toBeLessThanOrEqual(2);
  });

  it('leaves events of other objects as they were', async () => {
    const own = await open();
    own.portal.push({ event: 'ONTASKUPDATE', data: { FIELDS_AFTER: { ID: '5' } }, userId: '1' });
    own.portal.objects.seed(1, { count: 1 });
    own.push(1, 1, 'ONCRMLEADUPDATE');
    await until('both', () => own.received.length === 2);
    for (const { body } of own.received)
      expect(Object.keys(body['data'] as object)).toEqual(['event', 'data', 'userId']);
    expect(reads(own)).toMatchObject({ lists: 0, gets: 0 });
  });

  it('leaves out what is too large', async () => {
    const own = await open();
    own.portal.objects.add(DEAL, { title: 'short' });
    own.portal.objects.add(DEAL, { title: 'ж'.repeat(1500) });
    const states = await statesOf(own, 2);
    expect(states).toEqual([
      { status: 'read', readAt: expect.any(String), object: expect.objectContaining({ title: 'short' }) },
      { status: 'too_large', readAt: expect.any(String), object: null },
    ]);
  });

  it('reads again at a retry, and for the dead letter', async () => {
    const own = await open();
    const titles = new Map([
      [1, 'second'],
      [2, 'third'],
    ]);
    rejects = ({ body, objectId, attempt }) => {
      const isOurs = body['memberid'] === own.portal.memberId && objectId === '1';
      // Changed before the failure is told of, so that whatever is read for it is newer.
      const title = isOurs ? titles.get(attempt) : undefined;
      if (title !== undefined) own.portal.objects.update(DEAL, 1, { title }, { silent: true });
      return isOurs;
    };
    own.portal.objects.add(DEAL, { title: 'first' });
    await until('the retry', () => own.received.length === 2);
    const { names } = system.downstream;
    await until('the dead letter', async () => (await system.downstream.depth(names.dead)) === 1);
    const letter = await system.downstream.channel.get(names.dead, { noAck: true });
    const { data } = JSON.parse(String(letter && letter.content.toString())) as { data: { state: State } };
    expect(own.received.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect([...own.received.map(stateOf), data.state]).toMatchObject(
      ['first', 'second', 'third'].map((title) => ({ status: 'read', object: { title } })),
    );
  });

  /** What an event takes that needs no state, with room for a machine that grows busier, ms. */
  const soonMs = async (own: OwnPortal) => {
    const startedAt = Date.now();
    own.push(900, 900, 'ONCRMLEADUPDATE');
    await until('an event', () => own.delivered().has('900'));
    return Math.max(2500, 3 * (Date.now() - startedAt));
  };

  it('waits no longer than it may: then the event comes without, and rounds have not waited', async () => {
    const own = await open();
    const soon = await soonMs(own);
    own.portal.objects.seed(DEAL, { count: 2 });
    own.portal.inject({ method: 'crm.item.list', kind: 'delay', ms: 20_000, times: Infinity });
    const pushedAt = Date.now();
    own.push(1, 1);
    await until('the event', () => own.received.length === 2);
    const tookMs = Date.now() - pushedAt;
    expect(stateOf(own.received[1]!)).toEqual({ status: 'late', readAt: null, object: null });
    expect(tookMs).toBeGreaterThan(2500);
    // Three seconds after it was reserved, which was within the interval of the rounds.
    expect(tookMs).toBeLessThan(3000 + soon);
    // A round of the same portal meanwhile: the reader's request still hangs.
    const secondAt = Date.now();
    own.push(2, 2, 'ONCRMLEADUPDATE');
    await until('the other event', () => own.received.length === 3);
    expect(Date.now() - secondAt).toBeLessThan(soon);
  });

  it('does not wait at all where it is known that nothing can be read in time', async () => {
    const own = await open();
    const soon = await soonMs(own);
    own.portal.objects.seed(DEAL, { count: 30 });
    own.portal.inject({
      method: 'crm.item.list',
      kind: 'error',
      status: 429,
      error: 'OPERATION_TIME_LIMIT',
      times: Infinity,
    });
    own.push(1, 1);
    await until('the first', () => own.received.length === 2);
    const pushedAt = Date.now();
    own.push(2, 30);
    await until('the others', () => own.received.length === 31);
    expect(Date.now() - pushedAt).toBeLessThan(soon);
    expect(own.received.slice(1).every((event) => stateOf(event)?.status === 'late')).toBe(true);
    // Asked once, and not again before the portal says.
    expect(reads(own).lists).toBeLessThanOrEqual(1);
  });

  it('comes late from a portal that is in trouble, and never stops its retries', async () => {
    // Its retries come from the ledger.
    const own = await open({ extended: false });
    own.portal.objects.seed(DEAL, { count: 1 });
    rejects = ({ body, attempt }) => body['memberid'] === own.portal.memberId && attempt === 1;
    own.push(1, 1);
    await until('the first', () => own.received.length === 1);
    own.portal.setState('overload');
    await until('the retry', () => own.received.length === 2);
    expect(own.received.map((event) => stateOf(event)?.status)).toEqual(['read', 'late']);
    own.portal.setState('active');
  });

  it('is there on a plan without reservations too', async () => {
    const own = await open({ extended: false });
    own.portal.objects.add(DEAL, { title: 'By journal' });
    const [state] = await statesOf(own, 1);
    expect(own.received[0]?.processId).toMatch(/^journal-/);
    expect(state).toMatchObject({ status: 'read', object: { title: 'By journal' } });
  });

  it('stands in the events of a snapshot, with the same fields, read once', async () => {
    const own = await open();
    own.portal.objects.seed(DEAL, { count: 120 });
    own.portal.objects.setReadable(DEAL, [7], false);
    const before = reads(own);
    const started = await run(system.bridge, ['snapshot', 'start', own.portal.name, '--types', 'crm.deal']);
    expect(started).toMatchObject({ exitCode: 0 });
    await until('its end', () =>
      own.received.some(({ body }) => body['type'] === 'bridge.snapshot.completed'),
    );
    const events = own.received.filter(({ body }) => body['type'] === 'crm.deal.snapshot');
    expect(events).toHaveLength(119);
    for (const event of events) {
      expect(stateOf(event)).toMatchObject({ status: 'read', object: { id: Number(event.objectId) } });
      expect(Object.keys(stateOf(event)?.object ?? {})).not.toContain('assignedById');
    }
    const end = own.received.find(({ body }) => body['type'] === 'bridge.snapshot.completed');
    expect(end === undefined ? null : stateOf(end)).toBeUndefined();
    // A few pages and the look for the last id: nothing is read again for the events.
    expect(reads(own).lists - before.lists).toBeLessThanOrEqual(10);
  });

  it('is counted', async () => {
    const { body } = await system.get('/metrics');
    expect(body).toMatch(/bridge_state_reads_total\{portal="acme-\d+",status="read"\} \d/);
    expect(body).toMatch(/bridge_state_reads_total\{portal="acme-\d+",status="late"\} \d/);
  });
});
