/** The project's folder, with a trailing slash. */
export const root: string;

/**
 * Brings dependencies and both builds up to date, each only when it is stale.
 * @throws {Error} with the output of the step that failed
 */
export function prepare(options?: { folder?: string; log?: (line: string) => void }): Promise<void>;
