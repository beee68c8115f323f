export interface Started {
  readonly ended: boolean;
}

export class TemporaryServer {
  constructor(options: { name: string; account: string; stopSignal: NodeJS.Signals });
  readonly folder: string;
  start(command: string, args: string[], options: { env?: Record<string, string>; output: string }): Started;
  processes(): number[];
  end(started: Started, signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}
