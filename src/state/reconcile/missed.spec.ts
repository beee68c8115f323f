import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rememberedBy } from './judge-page.js';
import { GRACE_MS, judgeAbsent, judgeListed, type Judging, type Known } from './missed.js';
import { inForm } from '../../../test/support/form.js';

const NOTHING: Known = { updatedAt: null, announcedAt: null, listedAt: null, suspectAt: null, gone: false };
const known = (more: Partial<Known>): Known => ({ ...NOTHING, ...more });
const NOW = 10_000_000;
const judging = (more: Partial<Judging> = {}): Judging => ({
  learned: true,
  readAt: NOW,
  emptyAt: NOW,
  ...more,
});
const later = judging({ readAt: NOW + GRACE_MS, emptyAt: NOW + GRACE_MS });

describe('what an object that was read says', () => {
  it('is learned at the first look, whatever it is', () => {
    const learning = judging({ learned: false });
    expect(judgeListed(500, undefined, learning)).toEqual({ is: 'accounted', updatedAt: 500 });
    expect(judgeListed(500, known({ announcedAt: 400 }), learning)).toEqual({
      is: 'accounted',
      updatedAt: 500,
    });
    expect(judgeListed(500, known({ updatedAt: 500 }), learning)).toEqual({ is: 'known' });
  });

  it('is accounted for by an event of that second or later', () => {
    expect(judgeListed(500, known({ updatedAt: 400, announcedAt: 500 }), judging())).toEqual({
      is: 'accounted',
      updatedAt: 500,
    });
    expect(judgeListed(500, known({ announcedAt: 501 }), judging())).toEqual({
      is: 'accounted',
      updatedAt: 500,
    });
  });

  it.each([
    ['an object that nobody knows', undefined, 'add'],
    ['one that an event of before has announced', known({ announcedAt: 400 }), 'update'],
    ['one that was read before', known({ updatedAt: 400, announcedAt: 450 }), 'update'],
    ['one that was deleted', known({ updatedAt: 400, announcedAt: 450, gone: true }), 'add'],
    ['one whose date was set back', known({ updatedAt: 900, announcedAt: 900 }), 'update'],
  ])(
    'is suspect, and missed when the queue was read to its end after the grace: %s',
    (_what, before, change) => {
      const first = judgeListed(500, before, judging());
      expect(first).toEqual({ is: 'suspect', listedAt: 500, suspectAt: NOW });
      const suspect = known({ ...before, listedAt: 500, suspectAt: NOW });
      expect(judgeListed(500, suspect, judging({ emptyAt: NOW + GRACE_MS - 1 }))).toEqual({ is: 'known' });
      expect(judgeListed(500, suspect, judging({ emptyAt: null }))).toEqual({ is: 'known' });
      expect(judgeListed(500, suspect, later)).toEqual({ is: 'missed', change });
    },
  );

  it('is suspect anew where it is another change by now: its event has all its time', () => {
    const suspect = known({ updatedAt: 400, listedAt: 500, suspectAt: NOW });
    expect(judgeListed(600, suspect, later)).toEqual({
      is: 'suspect',
      listedAt: 600,
      suspectAt: later.readAt,
    });
  });

  it('is accounted for where its event came meanwhile', () => {
    const suspect = known({ updatedAt: 400, listedAt: 500, suspectAt: NOW, announcedAt: 500 });
    expect(judgeListed(500, suspect, later)).toEqual({ is: 'accounted', updatedAt: 500 });
  });

  it('is nothing new where a list of before a delete shows it', () => {
    expect(judgeListed(400, known({ updatedAt: 400, announcedAt: 450, gone: true }), judging())).toEqual({
      is: 'known',
    });
  });

  it('whose date was set back is accounted for by an event of after what was there', () => {
    expect(judgeListed(300, known({ updatedAt: 400, announcedAt: 401 }), judging())).toEqual({
      is: 'accounted',
      updatedAt: 300,
    });
  });
});

describe('what it says that an object was not read', () => {
  const before = known({ updatedAt: 400, announcedAt: 400 });
  const suspect = known({ ...before, suspectAt: NOW });

  it('is a delete where the portal says so after the queue was read to its end', () => {
    expect(judgeAbsent(before, null, judging())).toEqual({ is: 'suspect', listedAt: null, suspectAt: NOW });
    expect(judgeAbsent(suspect, null, later)).toEqual({ is: 'known' });
    expect(judgeAbsent(suspect, true, judging())).toEqual({ is: 'known' });
    expect(judgeAbsent(suspect, true, later)).toEqual({ is: 'missed', change: 'delete' });
  });

  it('is no delete where our user may not read it, or an event has announced it', () => {
    expect(judgeAbsent(suspect, false, later)).toEqual({ is: 'cleared' });
    expect(judgeAbsent({ ...suspect, gone: true }, true, later)).toEqual({ is: 'cleared' });
    expect(judgeAbsent(undefined, true, later)).toEqual({ is: 'known' });
  });

  it('has all its time where something else was suspected before', () => {
    const changed = known({ updatedAt: 400, listedAt: 500, suspectAt: NOW });
    expect(judgeAbsent(changed, true, later)).toEqual({
      is: 'suspect',
      listedAt: null,
      suspectAt: later.readAt,
    });
  });

  it('is cleared where it is there after all', () => {
    expect(judgeListed(400, suspect, later)).toEqual({ is: 'cleared' });
  });
});

/** One object, its portal's queue, and a bridge that reads both whenever it likes. */
class Life {
  private now = NOW;
  private updatedAt: number | null;
  private queued: { at: number; gone: boolean; visibleAt: number }[] = [];
  known: Known | undefined;
  private emptyAt: number | null = null;
  private outstanding: 'add' | 'update' | 'delete' | null = null;
  readonly found: string[] = [];

  constructor(existing: boolean) {
    this.updatedAt = existing ? this.second : null;
    this.known = existing ? known({ updatedAt: this.second }) : undefined;
  }

  private get second(): number {
    return Math.floor(this.now / 1000);
  }

  pass(ms: number): void {
    this.now += ms;
  }

  /** @param delayMs how long after the object its event is in the queue; null: there is none */
  change(kind: 'write' | 'delete', delayMs: number | null): void {
    this.pass(1000);
    const isNew = this.updatedAt === null;
    if (kind === 'delete' && isNew) return;
    this.updatedAt = kind === 'delete' ? null : this.second;
    if (delayMs !== null) {
      this.queued.push({ at: this.second, gone: kind === 'delete', visibleAt: this.now + delayMs });
      this.outstanding = null;
    } else if (kind === 'delete') {
      // Of what nobody was told and nobody saw, nobody misses the end.
      const seen = this.known !== undefined || this.queued.length > 0;
      this.outstanding = seen ? 'delete' : null;
    } else this.outstanding = 'update';
  }

  /** A round: everything that is in the queue by now. */
  round(): void {
    const sentAt = this.now;
    for (const event of this.queued.filter(({ visibleAt }) => visibleAt <= sentAt)) {
      const { announcedAt } = this.known ?? NOTHING;
      const isLater = event.at > (announcedAt ?? -1);
      const gone = isLater
        ? event.gone
        : (this.known?.gone ?? false) || (event.at === announcedAt && event.gone);
      this.known = { ...(this.known ?? NOTHING), announcedAt: Math.max(announcedAt ?? 0, event.at), gone };
    }
    this.queued = this.queued.filter(({ visibleAt }) => visibleAt > sentAt);
    this.emptyAt = sentAt;
  }

  /** It is read, and what is missed is told. */
  look(): void {
    const judged = judging({ readAt: this.now, emptyAt: this.emptyAt });
    const verdict =
      this.updatedAt === null
        ? judgeAbsent(this.known, true, judged)
        : judgeListed(this.updatedAt, this.known, judged);
    const remembered = rememberedBy(1, this.known, verdict);
    if (remembered !== null) this.known = { ...(this.known ?? NOTHING), ...remembered };
    if (verdict.is !== 'missed') return;
    this.found.push(verdict.change);
    if (this.outstanding === null) throw new Error(`invented: ${verdict.change}`);
    this.outstanding = null;
  }

  /** The bridge goes on for a while, and nothing changes. */
  settle(): void {
    this.pass(GRACE_MS);
    this.round();
    this.look();
    this.pass(GRACE_MS);
    this.round();
    this.look();
    this.look();
  }

  get missing(): string | null {
    return this.outstanding;
  }
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('change'), delay: fc.option(fc.nat(GRACE_MS - 1000)) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('delete'), delay: fc.option(fc.nat(GRACE_MS - 1000)) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('round') }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('look') }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.nat(3 * GRACE_MS) }) },
  ),
  { maxLength: 30 },
);

function live(
  life: Life,
  list: readonly { do: string; delay?: number | null; ms?: number }[],
  withheld: boolean,
): void {
  let deleted = false;
  for (const step of list) {
    const delay = withheld ? (step.delay ?? null) : (step.delay ?? 0);
    if (step.do === 'round') life.round();
    else if (step.do === 'look') life.look();
    else if (step.do === 'wait') life.pass(step.ms ?? 0);
    else if (deleted) continue;
    else {
      life.change(step.do === 'delete' ? 'delete' : 'write', delay);
      // A portal gives no number out again.
      deleted = step.do === 'delete';
    }
  }
}

describe('over any life of an object', () => {
  it('nothing is found where every change has its event, however late within the grace', () => {
    fc.assert(
      fc.property(fc.boolean(), steps, (existing, list) => {
        const life = new Life(existing);
        live(life, list, false);
        life.settle();
        life.settle();
        expect(life.found).toEqual([]);
      }),
      { numRuns: inForm({ full: 5_000, small: 400 }) },
    );
  });

  it('what was withheld last is found, nothing is found twice, and nothing is invented', () => {
    fc.assert(
      fc.property(fc.boolean(), steps, (existing, list) => {
        const life = new Life(existing);
        live(life, list, true);
        // Whatever was invented throws.
        life.settle();
        life.settle();
        expect(life.missing).toBeNull();
        const { length } = life.found;
        life.settle();
        expect(life.found).toHaveLength(length);
      }),
      { numRuns: inForm({ full: 5_000, small: 400 }) },
    );
  });
});
