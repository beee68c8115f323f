/** One structured line: a stable `event` name and whatever explains it. Never carries a credential. */
export type BrokerLogFields = { event: string } & Record<string, unknown>;

/** The narrow part of a logger that this room needs. */
export interface BrokerLogger {
  info(fields: BrokerLogFields): void;
  warn(fields: BrokerLogFields): void;
  error(fields: BrokerLogFields): void;
}

/** For callers that want no log, such as small scripts. */
export const silentBrokerLogger: BrokerLogger = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
