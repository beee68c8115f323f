/**
 * What the caller should do next:
 * - `retry`: repeat later, with a growing pause
 * - `refresh`: the access token is too old. The portal client renews it by itself, so this surfaces only when a
 *   fresh token was called expired as well; treat it like `retry`
 * - `throttle`: nothing ran; wait until `until`
 * - `unknown-outcome`: find out what the portal did before repeating anything
 * - `suspend`: the portal as a whole takes no calls; ask again rarely
 * - `unauthorized`: the authorization is gone; only a new installation brings it back. Of a portal's own refusal the
 *   client makes sure with a renewed token, before it lets this surface
 * - `unlicensed`: the plan lacks one feature
 * - `not-allowed`: our settings keep us from calling it; nothing was sent
 * - `configuration`: a setting or a right has to be changed; ask again rarely
 * - `bug`: the call itself is wrong and would fail again
 */
export type PortalAction =
  | 'retry'
  | 'refresh'
  | 'suspend'
  | 'unauthorized'
  | 'unlicensed'
  | 'not-allowed'
  | 'configuration'
  | 'throttle'
  | 'unknown-outcome'
  | 'bug';

/** Whether the portal may have run the call. Of a batch, `unknown` may hold for any of its commands. */
export type Executed = 'no' | 'unknown';

/** Plan features that a refused call can name. */
export type PlanFeature = 'rest_offline_extended' | 'rest_auth_connector';

export interface ErrorDetails {
  /** REST method, or `oauth/token` for the authorization server. */
  method: string;
  /** The server's own code, or ours in capitals where it gave none. */
  code: string;
  /** HTTP status; null where there was none, as for a command of a batch. */
  status?: number | null;
  /** In words, free of secrets. */
  description?: string;
  executed?: Executed;
}

/**
 * Everything that can go wrong between us and a portal or its authorization server. Messages never carry
 * tokens, secrets or request bodies, and no error keeps the HTTP library's own one as its cause, because that
 * holds the whole request.
 */
export abstract class PortalError extends Error {
  abstract readonly action: PortalAction;
  readonly method: string;
  readonly code: string;
  readonly status: number | null;
  readonly description: string;
  readonly executed: Executed;

  constructor(details: ErrorDetails) {
    const status = details.status ?? null;
    const description = oneLine(details.description ?? '');
    const code = oneLine(details.code);
    const answer = status === null ? code : `${status} ${code}`;
    super(`${details.method}: ${answer}${description === '' ? '' : ` (${description})`}`);
    this.name = new.target.name;
    this.method = details.method;
    this.code = code;
    this.status = status;
    this.description = description;
    this.executed = details.executed ?? 'no';
  }
}

/** No connection came about (name, refusal, TLS, time): nothing was sent, so nothing ran. */
export class PortalUnreachable extends PortalError {
  readonly action = 'retry';
}

/** The caller gave up waiting, or may not call any more, before anything was sent. */
export class RequestCancelled extends PortalError {
  readonly action = 'retry';
}

/** The portal failed inside (500): transient, and part of the call may have run. */
export class PortalFailed extends PortalError {
  readonly action = 'retry';

  constructor(details: ErrorDetails) {
    super({ executed: 'unknown', ...details });
  }
}

/** The request went out and no usable answer came back. */
export class OutcomeUnknown extends PortalError {
  readonly action = 'unknown-outcome';

  constructor(details: ErrorDetails) {
    super({ executed: 'unknown', ...details });
  }
}

/**
 * The server said 200 and its answer cannot be taken in: it is too large, holds too much, or is no JSON object. Asked
 * again, it may well answer the same.
 */
export class UnusableAnswer extends OutcomeUnknown {}

/** An answer came, but not in the shape that this method answers with: what was done cannot be read from it. */
export class UnreadableAnswer extends UnusableAnswer {
  constructor(method: string, why: string, status: number | null = null) {
    super({ method, code: 'UNREADABLE_ANSWER', description: why, status });
  }
}

/** Too many requests, or one method's execution time is used up. Nothing ran. */
export class PortalThrottled extends PortalError {
  readonly action = 'throttle';

  constructor(
    details: ErrorDetails,
    /** Unix milliseconds from which the call may be made again; null: the rate budget knows. */
    readonly until: number | null,
  ) {
    super(details);
  }
}

export class TokenExpired extends PortalError {
  readonly action = 'refresh';
}

export class PortalUnauthorized extends PortalError {
  readonly action = 'unauthorized';
}

/**
 * Whether the authorization holds cannot be told at present: the portal could not ask its authorization server, it
 * refused the token for an unknown reason, or no new token could be had. Transient; nothing ran, as far as it says.
 */
export class AuthorizationUnavailable extends PortalError {
  readonly action = 'retry';
}

export class PortalMisconfigured extends PortalError {
  readonly action = 'configuration';
}

export class PortalSuspended extends PortalError {
  readonly action = 'suspend';
}

export class FeatureUnlicensed extends PortalError {
  readonly action = 'unlicensed';

  constructor(
    details: ErrorDetails,
    /** The feature that the plan lacks; null where the portal did not say. */
    readonly feature: PlanFeature | null,
  ) {
    super({
      ...details,
      description: `${details.description ?? ''} [feature ${feature ?? 'unknown'}]`.trim(),
    });
  }
}

/** The portal is not among those that the settings allow: it was not called, and its tokens were not sent. */
export class PortalNotAllowed extends PortalError {
  readonly action = 'not-allowed';
}

/** The call is wrong: refused by the portal, or by us before it was sent. */
export class RequestRefused extends PortalError {
  readonly action = 'bug';
}

const MAX_DESCRIPTION = 300;
/** Tokens are words of 60 characters and more; ids of members, batches and messages have 32. */
const TOKEN_LIKE = /[\w-]{40,}/g;

/**
 * Keeps what a server says on one line of a log, whatever it sent, without anything that may be a token: also one
 * that we do not know, or no longer.
 */
function oneLine(text: string): string {
  const line = text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(TOKEN_LIKE, '***')
    .trim();
  return line.length > MAX_DESCRIPTION ? `${line.slice(0, MAX_DESCRIPTION)}…` : line;
}
