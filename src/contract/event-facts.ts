/** All that the bridge knows of one delivery. */
export interface EventFacts {
  memberId: string;
  /** The portal's word in routing keys: `acme`. */
  portal: string;
  /** The portal's address: `https://acme.bitrix24.com`. */
  source: string;
  processId: string;
  messageId: string;
  /** The row's `ID`. */
  rowId: string;
  /** The row's last change, whole Unix seconds. */
  changedAt: number;
  /** The event's code: `ONCRMDEALUPDATE`. */
  event: string;
  /**
   * What the portal sent as the event's data. A number that JavaScript would not write as it came (`9007199254740993`,
   * `1.0`) is an `ExactNumber`.
   */
  data: unknown;
  userId: string | null;
  /** 1 for the first delivery. */
  attempt: number;
}
