import { type BatchCommand, isFailed } from '../../bitrix24/batch.js';
import { PortalError } from '../../bitrix24/errors.js';
import { listCommand, parseListResult } from '../../bitrix24/offline-events.js';
import { type BatchAnswer } from '../../bitrix24/portal-call.js';
import { type Ledger } from '../../ledger/ledger.js';
import { type Log } from '../../logging/log.js';
import { unbindFormer } from '../../portals/binding-keeper.js';
import { parseBindings } from '../../portals/bindings.js';
import { type PortalRegistry } from '../../portals/registry.js';
import { answeredUnder, keysToFinish, nameOfKey } from '../../portals/source-keys.js';
import { ZOMBIE_MS } from '../round/round-memory.js';

/** After these the same may be asked again. */
const PASSING: ReadonlySet<PortalError['action']> = new Set([
  'retry',
  'unknown-outcome',
  'throttle',
  'refresh',
]);

/** Keys under which the ledger's batches are searched for: each costs a request. */
const MOST_CANDIDATES = 20;

/** Sends commands to one portal, under one source key or another. */
export interface KeyedClient {
  batch(commands: readonly BatchCommand[]): Promise<BatchAnswer>;
  under(key: string): KeyedClient;
}

interface KeysInUseDependencies {
  readonly memberId: string;
  readonly name: string;
  /** The source key of the settings, '' for none. */
  readonly key: string;
  readonly registry: Pick<PortalRegistry, 'get' | 'changeSourceKeys'>;
  readonly ledger: Pick<Ledger, 'under'>;
  readonly log: Log;
  /** Whether the portal is still ours. */
  readonly current: () => boolean;
}

/**
 * Which source keys a portal has rows or bindings under. A changed setting shows here: the key that the portal had
 * before is a former one from then on, until nothing is left under it.
 */
export class KeysInUse {
  /** Former keys under which nothing is bound, and since when; by the process's own clock. */
  private readonly unboundSince = new Map<string, number>();
  /** Process ids held according to records of before source keys were: their key is a guess. */
  private unproven = new Set<string>();
  private prepared = false;
  private noted = false;

  constructor(private readonly deps: KeysInUseDependencies) {}

  /** The keys that are to be finished. */
  former(): readonly string[] {
    const keys = this.deps.registry.get(this.deps.memberId)?.sourceKeys;
    return keys === undefined ? [] : keysToFinish(keys, this.deps.key);
  }

  /** Before the first round: what was recorded before source keys were is taken to be under the present one. */
  async prepare(): Promise<void> {
    const { memberId, key, registry, ledger } = this.deps;
    if (this.prepared) return;
    if (registry.get(memberId)?.sourceKeys.present === null) {
      await ledger.under(key).claimAll(memberId);
      this.unproven = new Set(await ledger.under(key).heldProcessIds(memberId));
    }
    this.prepared = true;
  }

  /**
   * The portal has answered under the present key. A key under which it never answered has no rows, and so is never
   * recorded.
   * @returns whether the keys to be finished may be others than before
   */
  async answered(): Promise<boolean> {
    const { memberId, name, key, registry, log, current } = this.deps;
    // Once from the database: another replica, with other settings, may have had the portal until a moment ago.
    if (this.noted && registry.get(memberId)?.sourceKeys.present === key) return false;
    if (!current()) return false;
    let before: string | null = key;
    await registry.changeSourceKeys(memberId, (keys) => {
      before = keys.present;
      return answeredUnder(keys, key);
    });
    this.noted = true;
    if (before !== null && before !== key) {
      log.info({
        event: 'source_key.changed',
        portal: name,
        from: before,
        to: key,
        advice: `what is queued and held under ${nameOfKey(before).in('en')} is finished under it, then it is forgotten`,
      });
    }
    return true;
  }

  /**
   * Takes away what is bound under former keys, so that no new rows come there.
   * @param bound what `event.get` answered
   * @param events the events that are wanted
   * @param boundNow those that are bound under the present key
   * @returns whether there is a former key that was not known
   */
  async unbind(
    client: KeyedClient,
    bound: unknown,
    events: readonly string[],
    boundNow: ReadonlySet<string>,
  ): Promise<boolean> {
    const { name, log } = this.deps;
    const found = await this.findFormer(client, bound);
    for (const key of this.former()) {
      try {
        const all = await unbindFormer(client.under(key), bound, { key, events, boundNow }, name, log);
        if (!all) this.unboundSince.delete(key);
        else if (!this.unboundSince.has(key)) this.unboundSince.set(key, performance.now());
      } catch (error) {
        if (!(error instanceof PortalError)) throw error;
        this.unboundSince.delete(key);
        log.error({ event: 'bindings.refused', portal: name, sourceKey: key, reason: error.message });
      }
    }
    return found;
  }

  /**
   * Once, after the upgrade to the version that knows source keys: the key may have been changed at that very start. A
   * key under which the portal holds what the ledger has is one of ours; the bindings alone could be another service's.
   */
  private async findFormer(client: KeyedClient, bound: unknown): Promise<boolean> {
    if (this.unproven.size === 0) return false;
    const { memberId, name, key, registry, log } = this.deps;
    const offline = parseBindings(bound).filter((binding) => binding.offline);
    const candidates = new Set(['', ...offline.map(({ connectorId }) => connectorId)]);
    candidates.delete(key);
    const found: string[] = [];
    for (const candidate of [...candidates].slice(0, MOST_CANDIDATES)) {
      if (await this.holdsOurs(client.under(candidate))) found.push(candidate);
    }
    this.unproven.clear();
    if (found.length === 0) return false;
    await registry.changeSourceKeys(memberId, (keys) => ({
      ...keys,
      former: [...new Set([...keys.former, ...found])],
    }));
    for (const from of found) log.info({ event: 'source_key.changed', portal: name, from, to: key });
    return true;
  }

  /** Whether what is held under a client's source key is known to the ledger. */
  private async holdsOurs(client: KeyedClient): Promise<boolean> {
    const looks = (['ASC', 'DESC'] as const).map((direction) => ({
      name: direction,
      ...listCommand({ filter: { '>PROCESS_ID': '' }, order: { ID: direction } }),
    }));
    try {
      const { results, time } = await client.batch(looks);
      return [...results.values()].some(
        (outcome) =>
          !isFailed(outcome) &&
          parseListResult(outcome.result, time.start).some(({ processId }) => this.unproven.has(processId)),
      );
    } catch (error) {
      if (!(error instanceof PortalError) || PASSING.has(error.action)) throw error;
      // Refused for good: without source keys in its plan, say, nothing is to be had there.
      return false;
    }
  }

  /** Whether nothing is bound under a former key, for so long that no change is on its way to it any more. */
  isUnbound(key: string): boolean {
    const since = this.unboundSince.get(key);
    return since !== undefined && performance.now() - since > ZOMBIE_MS;
  }

  /**
   * Nothing is left under a former key: it is forgotten.
   * @returns whether it was
   */
  async finished(key: string): Promise<boolean> {
    const { memberId, name, registry, log, current } = this.deps;
    if (!current()) return false;
    await registry.changeSourceKeys(memberId, (keys) => ({
      ...keys,
      former: keys.former.filter((former) => former !== key),
    }));
    if (this.former().includes(key)) return false;
    this.unboundSince.delete(key);
    log.info({ event: 'source_key.finished', portal: name, sourceKey: key });
    return true;
  }
}
