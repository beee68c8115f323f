import {
  isDelete,
  objectTypeNumbered,
  objectTypeOf,
  objectTypeNamed,
  ObjectTypes,
  readableIdOf,
} from '../../contract/object-types.js';
import { topicOf } from '../../contract/topics.js';
import { type MissedKind } from '../../database/reconcile-schema.js';
import { type EventMention } from '../../ledger/note-mentions.js';

const KINDS: readonly MissedKind[] = ['add', 'update', 'delete'];

/** Which kinds of objects are reconciled, and which events tell of them. */
export class ReconciledTypes {
  private readonly types: ObjectTypes;

  /**
   * @param words of the setting RECONCILE
   * @param events codes that are kept bound: what none of them would tell is no change that was missed
   */
  constructor(
    private readonly words: readonly string[],
    private readonly events: readonly string[],
  ) {
    this.types = new ObjectTypes(words);
  }

  get none(): boolean {
    return this.types.none;
  }

  /** Types that are known without any event. Those of other smart processes are met with their first event. */
  named(): { entityTypeId: number; name: string }[] {
    const named = this.types.every
      ? [1, 2, 3, 4, 7, 31].map((number) => objectTypeNumbered(number))
      : this.words.flatMap((word) => objectTypeNamed(word) ?? []);
    const inCodes = this.events.flatMap((event) => objectTypeOf(event, null) ?? []);
    const all = [...named, ...inCodes.filter((type) => this.types.includes(type))];
    const types = [...new Map(all.map((type) => [type.entityTypeId, type])).values()];
    return types.filter(({ entityTypeId }) => KINDS.some((kind) => this.codeOf(entityTypeId, kind) !== null));
  }

  includes(entityTypeId: number): boolean {
    return this.types.includes(objectTypeNumbered(entityTypeId));
  }

  /** The code of the event that would have told; null where none that is bound would. */
  codeOf(entityTypeId: number, change: MissedKind): string | null {
    const data = dataOf(entityTypeId, 0);
    const tells = this.events.filter(
      (event) =>
        topicOf(event).endsWith(`.${change}`) && objectTypeOf(event, data)?.entityTypeId === entityTypeId,
    );
    // The one with the number of the smart process, where both are bound.
    return tells.find((event) => /_\d+$/.test(event)) ?? tells[0] ?? null;
  }

  /** What an event says of an object of these types. */
  mentionOf(event: string, data: unknown): EventMention | null {
    const type = objectTypeOf(event, data);
    if (type === null || !this.types.includes(type)) return null;
    const id = Number(readableIdOf(data));
    if (!Number.isSafeInteger(id) || id <= 0) return null;
    return { entityTypeId: type.entityTypeId, type: type.name, objectId: id, gone: isDelete(event) };
  }
}

/** The data that events of a type have. */
export function dataOf(entityTypeId: number, id: number): unknown {
  const fields = { ID: String(id) };
  const named = [1, 2, 3, 4, 7].includes(entityTypeId);
  return { FIELDS: named ? fields : { ...fields, ENTITY_TYPE_ID: String(entityTypeId) } };
}
