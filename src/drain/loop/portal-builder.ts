import { siteOf } from '../../bitrix24/portal-address.js';
import { type PortalClient } from '../../bitrix24/portal-client.js';
import { type PortalState } from '../../database/schema.js';
import { LeaseLost } from '../../ledger/lease.js';
import { withFields } from '../../logging/log.js';
import { type BindingsMended, mendBindings } from '../../portals/binding-keeper.js';
import { type Portal } from '../../portals/portal-record.js';
import { SHARED_ADVICE, sharedLately } from '../../portals/shared-queue.js';
import { type Permit } from '../../replicas/ownership.js';
import { type Admission } from '../pacing/admission.js';
import { DispatchLoop } from '../publishing/dispatch-loop.js';
import { type Dispatcher, NOTHING_DONE, type PassResult } from '../publishing/dispatcher.js';
import { type FleetDependencies, type PortalBeside } from './fleet-dependencies.js';
import { type KeyedClient, KeysInUse } from './keys-in-use.js';
import { type AnswersKnown, type RoundCalls } from './loop-dependencies.js';
import { PortalLoop } from './portal-loop.js';
import { PortalRounds } from './portal-rounds.js';
import { EventLoopLoad } from '../../timing/event-loop-load.js';

/** A portal whose loops run in this process. */
export interface RunningPortal {
  readonly memberId: string;
  readonly permit: Permit;
  readonly portalName: string;
  readonly client: PortalClient;
  readonly rounds: PortalRounds;
  readonly dispatch: DispatchLoop;
  readonly beside: PortalBeside | null;
  /** Failures reported since it was woken last. */
  toMark: number;
}

/** What the builder needs of the fleet that runs the portals. */
interface RunningFleet {
  /** Whether this is what the portal runs by now: not an earlier installation's, and not stopped. */
  runs(portal: RunningPortal): boolean;
  setState(memberId: string, state: PortalState, reason: string | null): Promise<void>;
  /** Deliveries of a portal are due. */
  dispatch(memberId: string): void;
}

/** Makes the loops of a portal: its rounds under each source key, and its publishing. */
export class PortalBuilder {
  /** Portals of which this process has said that their queue is shared. */
  private readonly saidShared = new Set<string>();

  private readonly load = new EventLoopLoad();

  constructor(
    private readonly deps: FleetDependencies,
    private readonly admission: Admission,
    private readonly dispatcher: Pick<Dispatcher, 'over'>,
    private readonly fleet: RunningFleet,
  ) {}

  /** Makes what a portal runs by; nothing of it has started. */
  build(portal: Portal, permit: Permit): RunningPortal {
    const { registry, log, listener, settings } = this.deps;
    const { memberId, name } = portal;
    const client = this.deps.clientFor(portal, permit);
    const ledger = this.deps.ledger.fencedBy(permit.lease, () => permit.refused());
    const loops = {
      wakeDispatch: () => dispatch.wake(),
      dispatch: () => this.fleet.dispatch(memberId),
    };
    const beside = this.deps.beside?.(portal, client, permit, loops) ?? null;
    const dispatcher = this.dispatcher.over(ledger, beside?.states);
    const dispatch: DispatchLoop = new DispatchLoop({
      portal: { memberId, name, source: siteOf(portal.clientEndpoint) },
      dispatcher: {
        pass: (identity, stopping) =>
          unlessLost(() => dispatcher.pass(identity, () => stopping() || !permit.valid())),
      },
      ledger,
      brokerReady: () => this.deps.brokerReady() && permit.valid(),
      resumed: () => beside?.states?.resumed(),
      refusedNow: (count) => listener.refusedNow(memberId, count),
      log,
    });
    /** The last answer to an old installation says nothing of the new one, or to the portal's next owner. */
    const current = () => this.fleet.runs(runningPortal) && permit.valid();
    const registration = {
      memberId,
      name,
      extended: () => registry.get(memberId)?.extended ?? null,
      setExtended: async (extended: boolean) => {
        if (permit.valid()) await registry.setExtended(memberId, extended);
      },
      shared: async (processIds: readonly string[]) => {
        if (current()) await this.noteShared(memberId, processIds.length);
      },
      state: () => registry.get(memberId)?.state ?? null,
      paused: () => (registry.get(memberId)?.paused ?? null) !== null,
      marksFailingSince: () => registry.get(memberId)?.marksFailingSince ?? null,
      answers: {
        known: () => {
          const known = registry.get(memberId);
          return { bad: known?.badAnswers ?? 0, askAgainAt: known?.askAgainAt ?? null };
        },
        set: async ({ bad, askAgainAt }: AnswersKnown) => {
          if (permit.valid()) await registry.setAnswers(memberId, bad, askAgainAt);
        },
      },
      setMarksFailing: async (since: number | null) => {
        if (permit.valid()) await registry.setMarksFailing(memberId, since);
      },
    };
    const shared = {
      settings,
      listener,
      brokerReady: () => this.deps.brokerReady() && this.deps.reservesNothing?.() !== true,
      silence: this.deps.silence,
      answerMemory: this.deps.answerMemory,
      answersOf: this.deps.answersOf,
      standsBack: this.deps.standsBack ?? (() => false),
      busy: () => this.load.busy,
      wakeDispatch: () => dispatch.wake(),
    };
    const key = this.deps.wantedBindings.connectorId;
    const keys = new KeysInUse({ memberId, name, key, registry, ledger, log, current });
    const rounds = new PortalRounds({
      admission: this.admission.of(memberId),
      formerKeys: () => keys.former(),
      present: (admission) =>
        new PortalLoop({
          ...shared,
          portal: {
            ...registration,
            setState: async (state, reason) => {
              if (current()) await this.fleet.setState(memberId, state, reason);
            },
            queueRead: (read) => beside?.queueRead?.(key, read),
            prepare: () => keys.prepare(),
            answered: async () => {
              if (await keys.answered()) rounds.follow();
            },
            mendBindings: async (bound, calls) => {
              const cuttable = endedBy(client, calls);
              const mended = await this.mendBindings(portal, cuttable, bound);
              beside?.bindingsSeen?.(mended.wereMissing);
              const { events } = this.deps.wantedBindings;
              if (await keys.unbind(cuttable, bound, events, mended.bound)) rounds.follow();
              return mended;
            },
          },
          client,
          ledger: ledger.under(key),
          log,
          admission,
        }),
      former: (formerKey, admission) =>
        new PortalLoop({
          ...shared,
          // The portal's state and bindings are kept by the rounds under its present key.
          portal: {
            ...registration,
            setState: () => Promise.resolve(),
            queueRead: (read) => beside?.queueRead?.(formerKey, read),
            mendBindings: () => Promise.resolve({ notifies: 'no', missing: null }),
          },
          former: {
            unbound: () => keys.isUnbound(formerKey),
            finished: async () => {
              if (await keys.finished(formerKey)) rounds.follow();
            },
          },
          client: client.under(formerKey),
          ledger: ledger.under(formerKey),
          log: withFields(log, { sourceKey: formerKey }),
          admission,
        }),
    });
    const runningPortal: RunningPortal = {
      memberId,
      permit,
      client,
      portalName: name,
      rounds,
      dispatch,
      beside,
      toMark: 0,
    };
    return runningPortal;
  }

  /** Another program drains the portal's queue as well: logged once, and again after a day without a sign of it. */
  private async noteShared(memberId: string, batches: number): Promise<void> {
    const { registry, listener, log } = this.deps;
    const portal = registry.get(memberId);
    if (portal === undefined) return;
    listener.foreignBatches(portal.name, batches);
    const now = Date.now();
    const said = this.saidShared.has(memberId) && sharedLately(portal, now);
    await registry.setSharedSeen(memberId, now);
    this.saidShared.add(memberId);
    if (!said)
      log.warn({ event: 'queue.shared', portal: portal.name, batches, advice: SHARED_ADVICE.in('en') });
  }

  private async mendBindings(
    { memberId, name }: Portal,
    client: KeyedClient,
    bound: unknown,
  ): Promise<BindingsMended> {
    const { registry, wantedBindings, log } = this.deps;
    const known = registry.get(memberId);
    // Without its token no notification is believed: each would be refused, and counted against its sender.
    const provable = known?.applicationToken != null;
    const notificationHandler = provable ? wantedBindings.notificationHandler : null;
    const wanted = {
      ...wantedBindings,
      notificationHandler,
      formerHandler: known?.notificationHandler ?? null,
    };
    const mended = await mendBindings(client, bound, wanted, name, log);
    // Remembered once the former address is no longer bound.
    if (mended.complete) await registry.setNotificationHandler(memberId, notificationHandler);
    return provable ? mended : { ...mended, notifies: 'no' };
  }
}

/** The same client, whose requests end when these say so. */
function endedBy(client: PortalClient, calls: RoundCalls): KeyedClient {
  return {
    batch: (commands) => client.batch(commands, calls),
    under: (key) => endedBy(client.under(key), calls),
  };
}

/** After the lease is lost a pass has done nothing that counts: the new owner publishes, and this loop is being stopped. */
async function unlessLost(pass: () => Promise<PassResult>): Promise<PassResult> {
  try {
    return await pass();
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    return NOTHING_DONE;
  }
}
