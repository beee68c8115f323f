import { randomBytes } from 'node:crypto';
import { Bindings } from './bindings.js';

/** An application as a portal's tables know it. */
export interface Application {
  readonly id: number;
  readonly clientId: string;
  readonly bindings: Bindings;
}

/** The applications of one portal: the one under test, and others beside it. */
export class Applications {
  private readonly installed: Application[] = [];
  private readonly byToken = new Map<string, Application>();

  constructor(readonly own: Application) {
    this.installed.push(own);
  }

  all(): readonly Application[] {
    return this.installed;
  }

  /** The application of a client id; a webhook has none and stands for the one under test. */
  of(clientId: string | null): Application {
    return this.installed.find((one) => one.clientId === clientId) ?? this.own;
  }

  /** Installs another application, unless it is. @returns an access token of it, good for ever */
  accessTokenOfOther(clientId: string): string {
    let application = this.installed.find((one) => one.clientId === clientId);
    if (!application) {
      const id = this.own.id + this.installed.length;
      application = { id, clientId, bindings: new Bindings() };
      this.installed.push(application);
    }
    const token = randomBytes(35).toString('hex');
    this.byToken.set(token, application);
    return token;
  }

  /** The other application that a token belongs to. */
  otherBy(accessToken: string): Application | null {
    return this.byToken.get(accessToken) ?? null;
  }
}
