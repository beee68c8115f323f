import { type AnswerLimits } from '../../bitrix24/answer-limits.js';
import { type AnswerMemory } from '../../bitrix24/answer-memory.js';
import { type PortalClient } from '../../bitrix24/portal-client.js';
import { type Ledger } from '../../ledger/ledger.js';
import { type Log } from '../../logging/log.js';
import { type WantedBindings } from '../../portals/bindings.js';
import { type Portal } from '../../portals/portal-record.js';
import { type PortalRegistry } from '../../portals/registry.js';
import { type Ownership, type Permit } from '../../replicas/ownership.js';
import { type Silence } from '../pacing/silence.js';
import { type Dispatcher } from '../publishing/dispatcher.js';
import { type EventStates } from '../publishing/event-states.js';
import { type DispatchListener } from '../publishing/page-publisher.js';
import { type LoopSettings, type QueueRead, type RoundListener } from './loop-dependencies.js';

/** What works on a portal beside its rounds: it starts and stops with them. */
export interface PortalBeside {
  start(): void;
  /** Ends everything at once, requests under way too. */
  stop(): Promise<void>;
  /** The portal's state, or its pause by people, may have changed. */
  wake(): void;
  /** A round has read the portal's queue under a source key, and what it brought is in the ledger. */
  queueRead?(sourceKey: string, read: QueueRead): void;
  /** The portal has told what is bound; `missing`: something that is wanted was not. */
  bindingsSeen?(missing: boolean): void;
  /** States of its objects, for its events; left out: they carry none. */
  readonly states?: EventStates | undefined;
}

/** Makes what works on a portal beside its rounds, within the same client. */
export type MakeBeside = (
  portal: Portal,
  client: PortalClient,
  permit: Permit,
  loops: {
    /** More of the portal's events may be published. */
    readonly wakeDispatch: () => void;
    /** The portal has more events, which are to be published. */
    readonly dispatch: () => void;
  },
) => PortalBeside;

/** Told of portals' states, for metrics. */
export interface FleetListener extends RoundListener {
  portalState(portal: Portal): void;
  /** So many batches were found that another program has reserved. */
  foreignBatches(portal: string, count: number): void;
  /** So many deliveries of a portal are refused by a queue at present. */
  refusedNow(memberId: string, count: number): void;
  /** The portal's metrics come from another process from now on. */
  portalGone(name: string): void;
}

export interface FleetDependencies {
  readonly registry: PortalRegistry;
  readonly ledger: Ledger;
  readonly ownership: Pick<Ownership, 'permit' | 'wake'>;
  /** Makes what publishes; it tells the loops what it did. */
  readonly dispatcher: (told: DispatchTold) => Pick<Dispatcher, 'over'>;
  /** Opens a client for a portal, with a rate budget and tokens of its own; it sends nothing without a valid permit. */
  readonly clientFor: (portal: Portal, permit: Permit) => PortalClient;
  /** By default nothing works beside rounds. */
  readonly beside?: MakeBeside;
  /** For the answers of all portals. */
  readonly answerMemory: AnswerMemory;
  /** What the answer to a request for so many events may be. */
  readonly answersOf: (events: number) => AnswerLimits;
  readonly brokerReady: () => boolean;
  /** No new events are reserved at present; what the ledger holds may still be published. */
  readonly reservesNothing?: () => boolean;
  readonly silence: Silence;
  /** The exchanges and queues belong to another bridge: portals are left alone. */
  readonly standsBack?: () => boolean;
  readonly wantedBindings: Omit<WantedBindings, 'formerHandler'>;
  readonly settings: LoopSettings & { readonly DRAIN_CONCURRENCY: number };
  readonly listener: FleetListener;
  readonly log: Log;
}

/** What the loops have to know of what was published. */
type DispatchTold = Pick<DispatchListener, 'published' | 'dead'>;
