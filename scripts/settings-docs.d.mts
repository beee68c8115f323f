/**
 * Brings what the files of a checkout say of the settings up to date; with `check` it writes nothing. Resolves to what was
 * written, or what is stale.
 */
export function settingsDocs(where: { root: string; check: boolean }): Promise<string[]>;
