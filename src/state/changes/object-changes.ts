import { type ChangedFields } from '../../contract/event-state.js';
import { type ObjectKey } from '../../ledger/last-states/last-state.js';
import { type Publishable } from '../../ledger/publishable.js';
import { type Log } from '../../logging/log.js';
import { reasonOf } from '../../logging/reason.js';
import { type InHand } from '../events/objects-in-hand.js';
import { changedFields } from './changed-fields.js';
import { type LastStates, type PublishedObject } from './last-states.js';

/** An event of an object, and what it carries. */
export interface ToldObject {
  readonly delivery: Pick<Publishable, 'seq' | 'rowId' | 'changedAt'>;
  readonly object: InHand;
}

/** What the events of one portal's objects say of changes. */
export class ObjectChanges {
  /** Writes one after another: of one object, the last one counts. */
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: Pick<LastStates, 'read' | 'write'>,
    private readonly portal: string,
    private readonly log: Log,
  ) {}

  /** Reads what was last published of these objects, where that is not in hand. Rejects with the driver's error. */
  async prepare(objects: readonly InHand[]): Promise<void> {
    const unknown = new Map(
      objects.filter(({ chain }) => !chain.loaded).map((object) => [object.key, object]),
    );
    if (unknown.size === 0) return;
    const known = await this.store.read([...unknown.values()].map(({ wanted }) => wanted));
    const byKey = new Map(
      known.map(({ entityTypeId, id, published }) => [`${entityTypeId}/${id}`, published]),
    );
    for (const [key, { chain }] of unknown) chain.load(byKey.get(key) ?? null);
  }

  /** What has changed in an object that an event carries; null where nothing is known from before. */
  changed({ delivery, object }: ToldObject, text: string): ChangedFields | null {
    const before = object.chain.tell(delivery.seq, nameOf(delivery), text);
    return before === null ? null : changedFields(before, text);
  }

  /**
   * The broker has confirmed these events. Never rejects: what could not be written is told once more.
   * @param gone objects of which events have said that they do not exist
   */
  confirmed(told: readonly ToldObject[], gone: readonly ObjectKey[]): Promise<void> {
    const news = new Map<string, PublishedObject>();
    for (const { delivery, object } of told) {
      const published = object.chain.confirmed(delivery.seq);
      const { entityTypeId, id } = object.wanted;
      if (published !== null) news.set(object.key, { entityTypeId, id, published });
    }
    for (const { entityTypeId, id } of gone) news.delete(`${entityTypeId}/${id}`);
    this.writing = this.writing.then(async () => {
      try {
        await this.store.write([...news.values()], gone);
      } catch (error) {
        this.log.warn({ event: 'changes.not_kept', portal: this.portal, reason: reasonOf(error) });
      }
    });
    return this.writing;
  }
}

/** The same for every delivery of one change. */
function nameOf({ rowId, changedAt }: ToldObject['delivery']): string {
  return `${rowId}-${changedAt}`;
}
