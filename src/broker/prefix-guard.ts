import { setTimeout as pause } from 'node:timers/promises';
import { type ChannelModel } from 'amqplib';
import { within } from '../timing/within.js';
import { type BrokerLogger } from './logger.js';
import { claimPrefix, prefixOf, type PrefixOwner, PrefixTaken } from './prefix-owner.js';
import { type TopologyNames } from './topology.js';

/** How often the mark is checked, and so how soon a former owner notices a take-over. */
const CHECK_EVERY_MS = 2000;
/** After a take-over the new owner waits for so long, so that the former one has noticed and reads nothing any more. */
export const HANDOVER_MS = 5000;
const ANSWER_MS = 5000;

/** Sees to it that a bridge works only while the prefix is its database's. */
export class PrefixGuard {
  private owner: PrefixOwner | null = null;
  private heldOn: ChannelModel | null = null;
  /** The connection whose user may not read the mark. */
  private blindOn: ChannelModel | null = null;
  /** It was another's at the last check. */
  private taken = false;
  private saidUnknown = false;
  private watching: object | null = null;

  constructor(
    private readonly names: TopologyNames,
    private readonly logger: BrokerLogger,
    private readonly stopping: AbortSignal,
  ) {}

  /** Until this is called the prefix is not checked. */
  claimFor(owner: PrefixOwner): void {
    this.owner = owner;
  }

  /** Whether the prefix is ours as far as can be known, by this connection. */
  holds(model: ChannelModel): boolean {
    return this.owner === null || this.heldOn === model;
  }

  /**
   * Resolves when the prefix is ours, or when this user of the broker may not read the mark, which is logged once.
   * @throws {PrefixTaken}
   * @throws {TimedOut}
   */
  async hold(model: ChannelModel): Promise<void> {
    const { owner, names, taken } = this;
    if (owner === null) return;
    const first = this.heldOn === null && !taken;
    try {
      const known = await within(ANSWER_MS, claimPrefix(model, names, owner));
      if (!known) return this.cannotLook(model);
      if (taken) {
        await pause(HANDOVER_MS, undefined, { signal: this.stopping });
        await within(ANSWER_MS, claimPrefix(model, names, owner));
      }
    } catch (error) {
      if (error instanceof PrefixTaken) {
        this.taken = true;
        this.heldOn = null;
        this.watching = null;
      }
      throw error;
    }
    this.taken = false;
    this.heldOn = model;
    if (first || taken) {
      this.logger.info({
        event: 'broker.prefix_owned',
        prefix: prefixOf(names),
        database: owner.id,
        madeOn: owner.madeOn,
      });
    }
  }

  /** Checks the mark again and again while `relevant`; `lost` is called when the prefix is another's, and then it ends. */
  watch(model: ChannelModel, relevant: () => boolean, lost: (error: PrefixTaken) => void): void {
    // Each check that is refused is an error in RabbitMQ's log.
    if (this.owner === null || this.blindOn === model) return;
    const token = (this.watching = {});
    const check = async () => {
      for (;;) {
        await pause(CHECK_EVERY_MS, undefined, { signal: this.stopping, ref: false });
        if (this.watching !== token || this.heldOn !== model) return;
        if (!relevant()) continue;
        try {
          await this.hold(model);
        } catch (error) {
          if (error instanceof PrefixTaken) return lost(error);
          // A broken connection is reported elsewhere.
        }
      }
    };
    void check().catch(() => undefined);
  }

  private cannotLook(model: ChannelModel): void {
    this.heldOn = model;
    this.blindOn = model;
    if (this.saidUnknown) return;
    this.saidUnknown = true;
    this.logger.warn({
      event: 'broker.prefix_unknown',
      prefix: prefixOf(this.names),
      advice: `this user lacks a right to ${this.names.owner} (deploy/rabbitmq/definitions.json has all of them), so nothing keeps a second bridge from this prefix`,
    });
  }
}
