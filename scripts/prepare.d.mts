/** The project's folder, with a trailing slash. */
export const root: string;

/**
 * Brings dependencies and both builds up to date, each only when it is stale; with `bundled`, the programs' bundles too.
 * @throws {Error} with the output of the step that failed
 */
export function prepare(options?: {
  folder?: string;
  log?: (line: string) => void;
  bundled?: boolean;
  /** Address of the RabbitMQ on which they are rehearsed. */
  broker?: string;
}): Promise<void>;
