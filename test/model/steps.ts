import fc from 'fast-check';
import { type TimestampStyle } from '../../emulator/portal-clock.js';
import { type BrokerMood } from './broker-stand-in.js';
import { type Marks, type RoundFault } from './portal-line.js';
import { type ReplyKind } from './reply-message.js';
import { type Happening, type PassFault, type World } from './world.js';

/** One thing that happens. Its text is the code that makes it again. */
export class Step implements fc.AsyncCommand<object, World> {
  constructor(
    private readonly text: string,
    readonly happen: Happening,
  ) {}

  check(): boolean {
    return true;
  }

  async run(_model: object, world: World): Promise<void> {
    await this.happen(world);
    await world.oracle.check();
  }

  toString(): string {
    return this.text;
  }
}

const call = (name: string, ...args: readonly unknown[]) => {
  const written = args.map((arg) => (Array.isArray(arg) ? `[${arg.join(', ')}]` : JSON.stringify(arg)));
  while (written.at(-1) === '[]') written.pop();
  return `${name}(${written.join(', ')})`;
};

/** An object changes. */
export const change = (object: number) => new Step(call('change', object), (world) => world.change(object));

/** Objects are read that no event has announced. */
export const snapshot = (object: number) =>
  new Step(call('snapshot', object), (world) => world.snapshot(object));

/** A round; `before` happens between its plan and the portal's work, `meanwhile` before the ledger has its answer. */
export const round = (
  fault: RoundFault = 'none',
  before: readonly Step[] = [],
  meanwhile: readonly Step[] = [],
) =>
  new Step(call('round', fault, before, meanwhile), async (world) => {
    await world.round(
      fault,
      before.map((step) => step.happen),
      meanwhile.map((step) => step.happen),
    );
  });

/** A pass of the dispatcher; `early` happens before its confirms are recorded. */
export const dispatch = (
  mood: BrokerMood = 'confirm',
  fault: PassFault = 'none',
  early: readonly Step[] = [],
) =>
  new Step(call('dispatch', mood, fault, early), async (world) => {
    await world.dispatch(
      mood,
      fault,
      early.map((step) => step.happen),
    );
  });

/** An object changes, is reserved and published. */
export const delivery = (object: number) =>
  new Step(call('delivery', object), async (world) => {
    await world.change(object);
    await world.round();
    await world.oracle.check();
    await world.dispatch();
  });

/** A reply to the `back`th newest message. */
export const reply = (outcome: 'processed' | 'failed', back = 0, kind: ReplyKind = 'single') =>
  new Step(call('reply', outcome, back, kind), (world) => world.reply(outcome, back, kind));

const sync = (text: string, work: (world: World) => void) =>
  new Step(text, (world) => {
    work(world);
    return Promise.resolve();
  });

export const crash = () => sync('crash()', (world) => world.crash());
export const advance = (ms: number) => sync(call('advance', ms), (world) => world.advance(ms));
export const clockBack = () => sync('clockBack()', (world) => world.setClockBack(3_600_000));
export const broker = (up: boolean) => sync(call('broker', up), (world) => (world.brokerUp = up));
/** The bridge begins or ceases to read the reply queue. */
export const listen = (on: boolean) => sync(call('listen', on), (world) => world.listen(on));
export const plan = (extended: boolean) => sync(call('plan', extended), (world) => world.setPlan(extended));
export const sourceKey = (key: string) => sync(call('sourceKey', key), (world) => world.setKey(key));
export const purge = () => new Step('purge()', (world) => world.purge());
/** Given-up requests do the rest of their work. */
export const lateWork = () => new Step('lateWork()', (world) => world.lateWork());

/** How the portal treats marks from now on. */
export const marks = (how: Marks) =>
  new Step(call('marks', how), async (world) => {
    world.setMarks(how);
    await Promise.resolve();
  });

/** How the portal writes the times of changes from now on. */
export const times = (style: TimestampStyle) =>
  sync(call('times', style), (world) => (world.portal.queue.timestamps = style));

/** Somebody marks a message: among the pending rows, under a batch of nobody's, or under a batch of ours. */
const foreignMark = (object: number, under: 'pending' | 'nobody' | 'ours') =>
  new Step(call('foreignMark', object, under), (world) =>
    world.byOthers(({ queue }) => {
      const row = queue.rows().find((one) => JSON.stringify(one.EVENT_DATA).includes(`"${object}"`));
      const held = queue
        .rows()
        .find((one) => one.MESSAGE_ID === row?.MESSAGE_ID && one.PROCESS_ID !== '')?.PROCESS_ID;
      if (row === undefined || (under === 'ours' && held === undefined)) return;
      const process_id = under === 'pending' ? '' : under === 'nobody' ? 'f'.repeat(32) : held;
      queue.error({ process_id, message_id: [row.MESSAGE_ID] });
    }),
  );

/** An administrator clears a whole batch. */
const foreignClear = (index: number) =>
  new Step(call('foreignClear', index), (world) =>
    world.byOthers(({ queue }) => {
      const batches = [...new Set(queue.rows().map((row) => row.PROCESS_ID))]
        .filter((id) => id !== '')
        .sort();
      const process_id = batches[index % Math.max(batches.length, 1)];
      if (process_id !== undefined) queue.clear({ process_id });
    }),
  );

/** Somebody reserves rows for our application and forgets them. */
export const orphan = (errored: boolean) =>
  new Step(call('orphan', errored), (world) =>
    world.byOthers((portal) => {
      if (portal.extended) portal.queue.get({ clear: 0, limit: 2, error: errored ? 1 : 0 });
    }),
  );

/** The portal's agent deletes reserved rows that are too old. */
export const cleanUp = () =>
  new Step('cleanUp()', (world) => world.byOthers(({ queue }) => queue.runCleanupAgent(), 'agent'));

const objects = fc.nat({ max: 3 });
const replies = fc
  .tuple(
    fc.constantFrom<'processed' | 'failed'>('failed', 'failed', 'processed'),
    fc.nat({ max: 5 }),
    fc.constantFrom<ReplyKind>(
      'single',
      'single',
      'group',
      'nest',
      'dead_letter',
      'earlier_attempt',
      'unknown',
    ),
  )
  .map(([outcome, back, kind]) => reply(outcome, back, kind));
const asides = fc.array(
  fc.oneof(
    objects.map(change),
    replies,
    fc.constant(dispatch()),
    fc.constant(lateWork()),
    fc.constant(foreignClear(0)),
  ),
  { maxLength: 2 },
);
const changes = objects.map(change);
const plainRound = fc.constant(round());
const faults = fc.oneof(
  fc.constantFrom<RoundFault>('lost', 'unsent', 'refused', 'crash', 'ledger'),
  fc.nat({ max: 9 }).map((late): RoundFault => ({ late })),
  fc.record({ fails: fc.nat({ max: 9 }), done: fc.boolean() }),
);
const advances = fc.constantFrom(1000, 5000, 31_000, 61_000, 130_000, 300_000).map(advance);

/** Any interleaving of everything that can happen. */
export const anySteps = fc.commands<object, World, false>(
  [
    changes,
    changes,
    objects.map(delivery),
    objects.map(delivery),
    objects.map(snapshot),
    plainRound,
    plainRound,
    plainRound,
    fc.tuple(fc.constant<RoundFault>('none'), asides, asides).map((args) => round(...args)),
    fc.tuple(faults, asides, asides).map((args) => round(...args)),
    fc.constant(dispatch()),
    fc.constant(dispatch()),
    fc
      .tuple(
        fc.constantFrom<BrokerMood>('confirm', 'silent', 'closed', 'partial', 'nack', 'unsendable'),
        fc.constantFrom<PassFault>('none', 'none', 'crash', 'ledger'),
        fc.array(replies, { maxLength: 2 }),
      )
      .map((args) => dispatch(...args)),
    replies,
    replies,
    replies,
    advances,
    advances,
    fc.constant(crash()),
    fc.constant(lateWork()),
    fc.boolean().map(plan),
    fc.constantFrom('', 'erp', 'crm').map(sourceKey),
    fc.constantFrom<Marks>('made', 'made', 'refused', 'failing', 'failing_made', 'lost').map(marks),
    fc.constantFrom<TimestampStyle>('iso', 'iso', 'iso-basic', 'unix', 'null', 'garbage').map(times),
    fc.boolean().map(broker),
    fc.boolean().map(listen),
    fc.oneof(
      fc.constant(clockBack()),
      fc.constant(purge()),
      fc.constant(advance(7_200_000)),
      fc.constant(advance(34.5 * 86_400_000)),
      fc.constant(cleanUp()),
    ),
    fc.oneof(
      fc
        .tuple(objects, fc.constantFrom<'pending' | 'nobody' | 'ours'>('pending', 'nobody', 'ours'))
        .map((args) => foreignMark(...args)),
      fc.nat({ max: 3 }).map(foreignClear),
      fc.boolean().map(orphan),
    ),
  ],
  { maxCommands: 60, size: 'max' },
);
