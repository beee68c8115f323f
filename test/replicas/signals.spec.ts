import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { NotifyChannel } from '../../src/replicas/notify-channel.js';
import { Signals } from '../../src/replicas/signals.js';
import { type OutcomesRecorded } from '../../src/ledger/outcome.js';
import { postgres, type TestDatabase } from '../ledger/databases.js';
import { memberIds } from '../ledger/portals.js';
import { until } from '../support/until.js';

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** One end of the line: what it is told, and what of it came to its loops. */
class Listener {
  readonly heard: string[] = [];
  connections = 0;
  readonly channel: NotifyChannel;
  readonly signals: Signals;

  constructor(url: string, name: string, owned: readonly string[]) {
    this.channel = new NotifyChannel(url, 5000);
    const note = (what: string) => (memberId: string, count?: number) =>
      void this.heard.push([what, memberId, ...(count === undefined ? [] : [count])].join(' '));
    this.signals = new Signals({
      loops: {
        notified: note('round'),
        settled: note('settled'),
        checkBindings: note('bindings'),
        toMark: note('mark'),
        dispatch: (memberId) => note('dispatch')(memberId),
        wake: (memberId) => note('wake')(memberId),
      },
      ownership: {
        holds: (memberId) => owned.includes(memberId),
        wake: () => void this.heard.push('leases'),
      },
      channel: this.channel,
      replica: name,
      portalsChanged: () => void this.heard.push('portals'),
      log: quiet,
    });
    this.channel.listen({
      heard: (text) => this.signals.receive(text),
      connected: () => (this.connections += 1),
    });
  }
}

describe('what one replica tells the others', () => {
  let place: TestDatabase;
  const listeners: Listener[] = [];
  beforeAll(async () => {
    place = await postgres.create();
  });
  afterEach(async () => {
    for (const { channel } of listeners.splice(0)) await channel.close();
  });
  afterAll(() => place.remove());
  const join = async (name: string, ...owned: string[]) => {
    const listener = new Listener(place.url, name, owned);
    listeners.push(listener);
    await listener.channel.send('hello');
    await until('the line', () => listener.connections > 0);
    return listener;
  };
  const recorded = (changes: Partial<OutcomesRecorded>): OutcomesRecorded => ({
    processed: new Map(),
    failed: new Map(),
    lateFailed: new Map(),
    toMark: new Map(),
    ignored: 0,
    unknown: 0,
    unknownOf: new Map(),
    ...changes,
  });

  it('stays here where the portal is ours, and reaches its owner where it is not', async () => {
    const [a, b] = [await join('a', 'm1'), await join('b', 'm2')];
    a.signals.notified('m1');
    a.signals.notified('m2');
    a.signals.checkBindings('m2');
    a.signals.outcomes(
      recorded({
        toMark: new Map([
          ['m1', 2],
          ['m2', 3],
        ]),
        failed: new Map([['m2', 3]]),
      }),
    );
    expect(a.heard).toEqual(['round m1', 'mark m1 2']);
    await until('all at the owner', () => b.heard.length >= 4);
    expect(b.heard).toEqual(['round m2', 'bindings m2', 'mark m2 3', 'dispatch m2']);
    expect(a.heard).toEqual(['round m1', 'mark m1 2']);
  });

  it('wakes for what a person made due, by whoever owns the portal', async () => {
    const [a, b] = [await join('a', 'm1'), await join('b', 'm2')];
    a.signals.due(['m1', 'm2']);
    expect(a.heard).toEqual(['dispatch m1', 'wake m1']);
    await until('b hears', () => b.heard.length === 2);
    expect([...b.heard].sort()).toEqual(['dispatch m2', 'wake m2']);
  });

  it('has them look at the registry and at the leases', async () => {
    const [a, b] = [await join('a'), await join('b')];
    a.signals.leasesChanged();
    await until('a look at the leases', () => b.heard.includes('leases'));
    a.signals.portalsChanged();
    await until('a look at the registry', () => b.heard.includes('portals'));
    expect(a.heard).toEqual([]);
  });

  it('comes from PostgreSQL itself where somebody else changes a portal', async () => {
    const a = await join('a');
    // Other portals than before may be free; one that has merely changed is not.
    a.signals.receive('{"from":"","changed":true}');
    expect(a.heard).toEqual(['portals']);
    a.signals.receive('{"from":"","portals":true}');
    expect(a.heard).toEqual(['portals', 'portals', 'leases']);
  });

  it('may be about any number of portals', async () => {
    const ids = memberIds(1000);
    const [a, b] = [await join('a'), await join('b', ...ids)];
    for (const id of ids) a.signals.notified(id);
    await until('all of them', () => b.heard.length === 1000);
    expect(new Set(b.heard).size).toBe(1000);
  });

  it('is heard again after the connection broke', async () => {
    const [a, b] = [await join('a'), await join('b', 'm1')];
    const admin = new pg.Client({ connectionString: place.url });
    await admin.connect();
    await admin.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await admin.end();
    // Whoever renews his leases connects anew.
    await until('the second connection', async () => {
      await b.channel.send('again').catch(() => undefined);
      return b.connections === 2;
    });
    a.signals.notified('m1');
    await until('the signal', async () => {
      if (b.heard.length === 0) a.signals.notified('m1');
      await new Promise((resolve) => setTimeout(resolve, 100));
      return b.heard.includes('round m1');
    });
  });

  it('may be nonsense, which is passed over', async () => {
    const [a, b] = [await join('a'), await join('b', 'm1')];
    for (const text of ['', 'null', '7', '{"from":"x","rounds":7,"marks":[["m1"],3],"due":[null]}', '{']) {
      await a.channel.send(text);
    }
    a.signals.notified('m1');
    await until('the signal', () => b.heard.length > 0);
    expect(b.heard).toEqual(['round m1']);
  });
});
