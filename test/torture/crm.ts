import { type EmulatedPortal } from '../../emulator/index.js';
import { CONTACT } from '../../emulator/object-types.js';
import { type Pushed } from './books.js';

/** Contacts of a portal at the beginning. */
const CONTACTS = 1200;
/** Of these, the ones that change again and again, with an event each time. */
const LIVELY = 150;
/** Of the others, those to be deleted with an event, and to be changed and deleted without one. */
const ONCE = 200;

type Action = 'ADD' | 'UPDATE' | 'DELETE';

/** A change that no event announced; its contact is changed by nothing else. */
export interface Withheld {
  readonly memberId: string;
  readonly action: Action;
  readonly id: number;
}

/** A change of a contact and what it left there. */
interface ContactChange {
  readonly memberId: string;
  readonly action: Action;
  readonly id: number;
  /** Counted by contact. */
  readonly version: number;
}

/** The contacts of one portal. */
class Contacts {
  private readonly first: number;
  private readonly versions = new Map<number, number>();
  private readonly used = { deleted: 0, changedSilently: 0, deletedSilently: 0 };

  constructor(readonly portal: EmulatedPortal) {
    this.first = portal.objects.seed(CONTACT, { count: CONTACTS }).first;
  }

  /** Makes a change; null where there is no contact left for it. */
  change(action: Action, silent: boolean, random: () => number): ContactChange | null {
    const { objects, memberId } = this.portal;
    if (action === 'ADD') {
      const { id } = objects.add(CONTACT, { sourceId: 'v1' }, { silent });
      this.versions.set(id, 1);
      return { memberId, action, id, version: 1 };
    }
    const id = this.pick(action, silent, random);
    if (id === null) return null;
    const version = (this.versions.get(id) ?? 0) + 1;
    this.versions.set(id, version);
    if (action === 'DELETE') objects.delete(CONTACT, id, { silent });
    else objects.update(CONTACT, id, { sourceId: `v${version}` }, { silent });
    return { memberId, action, id, version };
  }

  private pick(action: Action, silent: boolean, random: () => number): number | null {
    if (action === 'UPDATE' && !silent) return this.first + Math.floor(random() * LIVELY);
    const part = silent ? (action === 'UPDATE' ? 'changedSilently' : 'deletedSilently') : 'deleted';
    if (this.used[part] === ONCE) return null;
    this.used[part] += 1;
    const begin = { deleted: 0, changedSilently: ONCE, deletedSilently: 2 * ONCE }[part];
    return this.first + LIVELY + begin + this.used[part];
  }
}

/** Contacts that really are there, and change with events and without. */
export class Crm {
  readonly withheld: Withheld[] = [];
  /** The first version of a contact that a row tells of at this second, by `<member id>-<row>-<second>`. */
  readonly versionOf = new Map<string, number>();
  /** Contacts by `<member id> <message id>` of a row. */
  readonly contactOf = new Map<string, string>();
  private readonly contacts: Contacts[];

  constructor(readonly portals: readonly EmulatedPortal[]) {
    this.contacts = portals.map((portal) => new Contacts(portal));
  }

  /** All contacts that there are, as `<member id> crm.contact/<id>`. */
  alive(): Set<string> {
    const all = this.portals.flatMap((portal) =>
      this.idsOf(portal).map((id) => `${portal.memberId} crm.contact/${id}`),
    );
    return new Set(all);
  }

  /** Ids of a portal's contacts. */
  idsOf(portal: EmulatedPortal): number[] {
    const ids: number[] = [];
    portal.objects
      .index(CONTACT)
      .withIds(1, Infinity)
      .each(({ id }) => ids.push(id) > 0);
    return ids;
  }

  /** Changes a contact; null where the portal recorded no event of a change that fires one. */
  change(random: () => number): Pushed[] | null {
    const contacts = this.contacts[Math.floor(random() * this.contacts.length)];
    if (contacts === undefined) return [];
    const { portal } = contacts;
    const roll = random();
    const silent = random() < 0.2;
    const action = roll < 0.1 || (silent && roll < 0.4) ? 'ADD' : roll < 0.8 ? 'UPDATE' : 'DELETE';
    const recorded = portal.queue.journal.length;
    const change = contacts.change(action, silent, random);
    if (change === null) return [];
    if (silent) {
      this.withheld.push(change);
      return [];
    }
    const entries = portal.queue.journal.slice(recorded);
    return entries.length === 0 ? null : entries.map((entry) => this.pushed(portal, change, entry));
  }

  private pushed(
    portal: EmulatedPortal,
    { memberId, id, version }: ContactChange,
    entry: EmulatedPortal['queue']['journal'][number],
  ): Pushed {
    const row = portal.queue.rows().find(({ ID }) => ID === entry.id);
    const event = `${memberId}-${entry.id}-${entry.timestamp}`;
    if (!this.versionOf.has(event)) this.versionOf.set(event, version);
    this.contactOf.set(`${memberId} ${entry.messageId}`, `${memberId} crm.contact/${id}`);
    return {
      memberId,
      connector: row?.CONNECTOR_ID ?? '',
      messageId: entry.messageId,
      rowId: entry.id,
      changedAt: entry.timestamp,
      at: Date.now(),
    };
  }
}
