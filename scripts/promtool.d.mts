/** The path of promtool, fetched first if need be; undefined, with a line in the log, where there is no way. */
export function providePromtool(options?: { log?: (line: string) => void }): Promise<string | undefined>;
