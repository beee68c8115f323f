/** Every example that can be asked for; each is a folder in examples/clients. */
export const clientNames: readonly string[];

/** The example clients, each with the command that runs it, or with what is missing. */
export function exampleClients(options: {
  /** Names; none means all. */
  only?: readonly string[];
  log: (line: string) => void;
}): Promise<{ name: string; command?: string[]; advice: string }[]>;
