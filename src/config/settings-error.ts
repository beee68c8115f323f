/** The settings are wrong. `message` names every fault, one a line; the process exits with 78. */
export class SettingsError extends Error {
  static readonly exitCode = 78;

  /** @param advice what to do, below the faults */
  constructor(
    readonly faults: readonly string[],
    advice: string | null = null,
  ) {
    const lines = faults.map((fault) => `  - ${fault}`).join('\n');
    super(`Settings are not usable:\n${lines}${advice === null ? '' : `\n${advice}`}`);
    this.name = 'SettingsError';
  }
}
