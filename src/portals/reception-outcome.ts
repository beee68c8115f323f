/** What became of a notification. */
export type Reception =
  /** Believed, and what had to be stored is stored. */
  | 'accepted'
  /** Not believed, or of too little right: nothing has changed. */
  | 'refused'
  /** Cannot be judged or stored just now. */
  | 'unavailable'
  /** Too many of its kind: it was not read. */
  | 'throttled';
