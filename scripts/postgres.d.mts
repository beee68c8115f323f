export interface Postgres {
  /** `postgres://user:password@host:port/database`; the user may create databases and schemas. */
  readonly url: string;
  /** Ends what this call started, removes its folder. Nothing happens when it started nothing. */
  stop(): Promise<void>;
}

export interface PrivatePostgres extends Postgres {
  /** Everything that the cluster writes is in here. */
  readonly folder: string;
  /** Numbers of its running processes. */
  processes(): number[];
  /** `kill -9` of the server; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port, killing it first when it runs; resolves when it answers. */
  restart(): Promise<void>;
}

export function providePostgres(options: {
  log?: (line: string) => void;
  private: true;
}): Promise<PrivatePostgres>;
export function providePostgres(options?: {
  log?: (line: string) => void;
  private?: boolean;
}): Promise<Postgres & Partial<PrivatePostgres>>;
