/** What was last published of objects, to tell what has changed since. */
interface ObjectStatesTable {
  member_id: string;
  entity_type_id: number;
  object_id: string;
  /** JSON of the fields that events carry; sealed where a key is set. */
  state: string;
  /** What another event had published before; null where none had. */
  previous: string | null;
  /** The event that told of it: `<row>-<Unix seconds>`. */
  told_by: string;
  /** When an event last told of a change, Unix ms. */
  changed_at: number;
}

export interface ObjectStatesSchema {
  object_states: ObjectStatesTable;
}
