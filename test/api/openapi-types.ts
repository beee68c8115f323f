// Made of docs/openapi.json by openapi-typescript: npm run docs:openapi
export interface paths {
  '/api/v1/portals': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The portals, by name */
    get: operations['listPortals'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/portals/{portal}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One portal, by name, address or member id */
    get: operations['getPortal'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/portals/{portal}/wake': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Have a portal's next round come at once */
    post: operations['wakePortal'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/portals/{portal}/pause': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Pause a portal: nothing new is reserved
     * @description What is in hand is published, retried and cleared as ever. Pausing it again changes the reason only.
     */
    post: operations['pausePortal'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/portals/{portal}/resume': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** End a portal's pause, and have it asked again at once */
    post: operations['resumePortal'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Find events, the latest in their state first */
    get: operations['findEvents'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/events/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * One event: its deliveries and what consumers get
     * @description By its id, or by the number of a delivery. The body may have personal data: only tokens that may operate get it.
     */
    get: operations['getEvent'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/events/retry': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Have events delivered again now */
    post: operations['retryEvents'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/events/discard': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Give events up for good
     * @description They count as processed, and the portal is cleared of them.
     */
    post: operations['discardEvents'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/audit': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who did what, the latest first */
    get: operations['listAudit'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/health': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Whether the service can reach what it stands on
     * @description Answers 200 either way; `ready` tells. For probes there is /health/ready, without a token.
     */
    get: operations['getHealth'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/queues': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How many messages lie in the queues of the bridge */
    get: operations['listQueues'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    ProblemSchema: {
      /** @example urn:bitrix24-bridge:problem:not-found */
      type: string;
      title: string;
      status: number;
      detail: string;
      /** @description Which fields are not as the API takes them, and why. */
      errors?: {
        field: string;
        message: string;
      }[];
    };
    Pause: {
      /**
       * Format: date-time
       * @description Since when.
       */
      since: string;
      /** @description Why. */
      reason: string | null;
      /** @description Who ordered it. */
      by: string;
    };
    Portal: {
      /**
       * @description First word of its routing keys.
       * @example acme
       */
      name: string;
      memberId: string;
      /**
       * @description Its address, as people write it.
       * @example acme.bitrix24.com
       */
      address: string;
      /** @enum {string} */
      state:
        | 'active'
        | 'unfinished'
        | 'unmarkable'
        | 'suspended'
        | 'unauthorized'
        | 'unlicensed'
        | 'not_allowed'
        | 'uninstalled';
      /** @description Why it is in this state. */
      stateReason: string | null;
      /**
       * Format: date-time
       * @description Since when it is in this state.
       */
      stateSince: string;
      /** @description What people have ordered; null where it is not paused. */
      paused: components['schemas']['Pause'] | null;
      /** @description Its deliveries in trouble, by state; a state with none is missing. */
      troubled: {
        [key: string]: number;
      };
      /** @description Its deliveries that are neither settled nor in trouble for good. */
      inFlight: number;
    };
    PortalPage: {
      items: components['schemas']['Portal'][];
      /** @description The cursor of the next page; null on the last. */
      next: string | null;
    };
    Woken: {
      /** @description Name of the portal whose next round comes at once. */
      woken: string;
    };
    PauseBody: {
      /** @description Why, for whoever meets the portal paused. */
      reason?: string;
    };
    Event: {
      /** @description The event's id, as consumers see it. */
      id: string;
      /** @description Number of this delivery of it. */
      delivery: number;
      /** @description Name of its portal; its member id where it is not installed any more. */
      portal: string;
      memberId: string;
      /** @example ONCRMDEALUPDATE */
      code: string;
      /**
       * @description The object that changed.
       * @example crm.deal/123
       */
      subject: string | null;
      /** @enum {string} */
      state: 'reserved' | 'refused' | 'published' | 'processed' | 'failed' | 'marked' | 'waiting' | 'dead';
      /**
       * Format: date-time
       * @description Since when it is in this state.
       */
      stateSince: string;
      /** @description The attempt under way, next due, or last made, from 1. */
      attempt: number;
      /** @description Why it last failed. */
      reason: string | null;
      /**
       * Format: date-time
       * @description When it is tried again.
       */
      dueAt: string | null;
      /**
       * Format: date-time
       * @description When the object changed on the portal.
       */
      changedAt: string;
      /**
       * Format: date-time
       * @description When it was reserved.
       */
      reservedAt: string;
      /**
       * Format: date-time
       * @description When it was given up by hand.
       */
      discardedAt: string | null;
    };
    EventPage: {
      items: components['schemas']['Event'][];
      /** @description The cursor of the next page; null on the last. */
      next: string | null;
    };
    EventDetails: {
      id: string;
      /** @description Every delivery of it that is known, the latest first. */
      deliveries: components['schemas']['Event'][];
      /** @description The routing key under which it is published. */
      routingKey: string | null;
      /** @description What consumers get; null for a token that may only read, and where no message can be made. */
      body: {
        [key: string]: unknown;
      } | null;
      /** @description Whether the body is left out because the token may only read. */
      bodyHidden: boolean;
      /** @description Why no message can be made of it. */
      unencodable: string | null;
    };
    EventFilter: {
      /** @description Name, address or member id of a portal. */
      portal?: string;
      /** @description Has to be true where no portal is named. */
      allPortals?: boolean;
      /** @description Retry: dead, waiting, refused and marked, unless said otherwise. Discard: dead. */
      states?: (
        'reserved' | 'refused' | 'published' | 'processed' | 'failed' | 'marked' | 'waiting' | 'dead'
      )[];
      /** @description Only these codes. */
      codes?: string[];
      /** @description Occurs in the reason, the data or the code; or an id. */
      text?: string;
    };
    /** @description Which events: by their ids, or by what they have in common; one of the two. */
    EventChoice: {
      /** @description Ids of events. */
      ids?: string[];
      filter?: components['schemas']['EventFilter'];
    };
    Outcome: {
      /** @description Deliveries that were meant. */
      matched: number;
      /** @description Of them, those for which it is done. */
      done: number;
      /** @description Left alone, by state: in these nothing is to be done. */
      left: {
        [key: string]: number;
      };
      /** @description Those that have their turn later: many are done a part at a time. */
      later: number;
    };
    Actor: {
      /** @enum {string} */
      kind: 'dashboard' | 'api' | 'cli' | 'module' | 'portal' | 'bridge';
      /** @description Who it was; null where nobody said. */
      name: string | null;
      /** @description Where the request came from; null for a token that may only read. */
      address: string | null;
    };
    AuditEntry: {
      id: number;
      /**
       * Format: date-time
       * @description When.
       */
      at: string;
      actor: components['schemas']['Actor'];
      /** @enum {string} */
      action:
        | 'retried'
        | 'discarded'
        | 'republished'
        | 'paused'
        | 'resumed'
        | 'woken'
        | 'installed'
        | 'uninstalled'
        | 'renamed'
        | 'settings_changed'
        | 'prefix_taken_over'
        | 'logged_in'
        | 'log_in_refused'
        | 'logged_out';
      /** @description The portal's name at that time. */
      portal: string | null;
      /** @description The portal's member id. */
      memberId: string | null;
      /** @description What it was done to. */
      target: string;
      /** @description How many of them, or how often. */
      count: number | null;
      /** @description What else explains it. */
      detail: string | null;
    };
    AuditPage: {
      items: components['schemas']['AuditEntry'][];
      /** @description The cursor of the next page; null on the last. */
      next: string | null;
    };
    Reachability: {
      up: boolean;
      /** @description Why it cannot be reached. */
      reason: string | null;
    };
    Health: {
      /** @description Whether both can be reached; a portal in trouble does not count. */
      ready: boolean;
      broker: components['schemas']['Reachability'];
      database: components['schemas']['Reachability'];
    };
    Queue: {
      /** @enum {string} */
      role: 'unrouted' | 'replies' | 'rejected' | 'dead';
      /** @description Its name at RabbitMQ. */
      name: string;
      /** @description Messages in it; null where RabbitMQ did not say. */
      messages: number | null;
    };
    Queues: {
      items: components['schemas']['Queue'][];
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  listPortals: {
    parameters: {
      query?: {
        /** @description How many at most. */
        limit?: number;
        /** @description Where the page before ended: its `next`. */
        cursor?: string;
        /** @description Only those in this state. */
        state?:
          | 'active'
          | 'unfinished'
          | 'unmarkable'
          | 'suspended'
          | 'unauthorized'
          | 'unlicensed'
          | 'not_allowed'
          | 'uninstalled';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['PortalPage'];
        };
      };
      /** @description `invalid-request`: The request is not as the API takes it. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unauthorized`: A token is needed. */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `too-many-requests`: Too many requests. */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unavailable`: It cannot be done at present. */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
    };
  };
  getPortal: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        portal: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Portal'];
        };
      };
      /** @description `invalid-request`: The request is not as the API takes it. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unauthorized`: A token is needed. */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `not-found`: There is no such thing. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `too-many-requests`: Too many requests. */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unavailable`: It cannot be done at present. */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
    };
  };
  wakePortal: {
    parameters: {
      query?: never;
      header?: {
        /** @description Any text of 1 to 255 printable characters without spaces. The same request with the same key is done once and answered the same, for 24 hours. */
        'Idempotency-Key'?: string;
      };
      path: {
        portal: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Woken'];
        };
      };
      /** @description `invalid-request`: The request is not as the API takes it. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unauthorized`: A token is needed. */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `forbidden`: The token may only read. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `not-found`: There is no such thing. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `conflict`: In its present state that cannot be done to it. */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `body-too-large`: The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unsupported-media-type`: The body has to be JSON, uncompressed. */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `idempotency-key-reused`: The idempotency key belongs to another request. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `too-many-requests`: Too many requests. */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unavailable`: It cannot be done at present. */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
    };
  };
  pausePortal: {
    parameters: {
      query?: never;
      header?: {
        /** @description Any text of 1 to 255 printable characters without spaces. The same request with the same key is done once and answered the same, for 24 hours. */
        'Idempotency-Key'?: string;
      };
      path: {
        portal: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['PauseBody'];
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Portal'];
        };
      };
      /** @description `invalid-request`: The request is not as the API takes it. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unauthorized`: A token is needed. */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `forbidden`: The token may only read. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `not-found`: There is no such thing. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `conflict`: In its present state that cannot be done to it. */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `body-too-large`: The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unsupported-media-type`: The body has to be JSON, uncompressed. */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `idempotency-key-reused`: The idempotency key belongs to another request. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `too-many-requests`: Too many requests. */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unavailable`: It cannot be done at present. */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
    };
  };
  resumePortal: {
    parameters: {
      query?: never;
      header?: {
        /** @description Any text of 1 to 255 printable characters without spaces. The same request with the same key is done once and answered the same, for 24 hours. */
        'Idempotency-Key'?: string;
      };
      path: {
        portal: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Portal'];
        };
      };
      /** @description `invalid-request`: The request is not as the API takes it. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unauthorized`: A token is needed. */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `forbidden`: The token may only read. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `not-found`: There is no such thing. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `conflict`: In its present state that cannot be done to it. */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `body-too-large`: The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unsupported-media-type`: The body has to be JSON, uncompressed. */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `idempotency-key-reused`: The idempotency key belongs to another request. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `too-many-requests`: Too many requests. */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unavailable`: It cannot be done at present. */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
    };
  };
  findEvents: {
    parameters: {
      query?: {
        /** @description How many at most. */
        limit?: number;
        /** @description Where the page before ended: its `next`. */
        cursor?: string;
        /** @description Occurs in the reason, the data or the code; or an id. */
        q?: string;
        /** @description Name, address or member id of a portal. */
        portal?: string;
        /** @description Only those in these states; without it, those in trouble (failed, marked, waiting, refused, dead). */
        state?: (
          'reserved' | 'refused' | 'published' | 'processed' | 'failed' | 'marked' | 'waiting' | 'dead'
        )[];
        /** @description Only these codes. */
        code?: string[];
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['EventPage'];
        };
      };
      /** @description `invalid-request`: The request is not as the API takes it. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unauthorized`: A token is needed. */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `not-found`: There is no such thing. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `too-many-requests`: Too many requests. */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unavailable`: It cannot be done at present. */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
    };
  };
  getEvent: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['EventDetails'];
        };
      };
      /** @description `invalid-request`: The request is not as the API takes it. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unauthorized`: A token is needed. */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `not-found`: There is no such thing. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `too-many-requests`: Too many requests. */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unavailable`: It cannot be done at present. */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
    };
  };
  retryEvents: {
    parameters: {
      query?: never;
      header?: {
        /** @description Any text of 1 to 255 printable characters without spaces. The same request with the same key is done once and answered the same, for 24 hours. */
        'Idempotency-Key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['EventChoice'];
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Outcome'];
        };
      };
      /** @description `invalid-request`: The request is not as the API takes it. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unauthorized`: A token is needed. */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `forbidden`: The token may only read. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `not-found`: There is no such thing. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `conflict`: In its present state that cannot be done to it. */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `body-too-large`: The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unsupported-media-type`: The body has to be JSON, uncompressed. */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `idempotency-key-reused`: The idempotency key belongs to another request. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `too-many-requests`: Too many requests. */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unavailable`: It cannot be done at present. */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
    };
  };
  discardEvents: {
    parameters: {
      query?: never;
      header?: {
        /** @description Any text of 1 to 255 printable characters without spaces. The same request with the same key is done once and answered the same, for 24 hours. */
        'Idempotency-Key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['EventChoice'];
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Outcome'];
        };
      };
      /** @description `invalid-request`: The request is not as the API takes it. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unauthorized`: A token is needed. */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `forbidden`: The token may only read. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `not-found`: There is no such thing. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `conflict`: In its present state that cannot be done to it. */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `body-too-large`: The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unsupported-media-type`: The body has to be JSON, uncompressed. */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `idempotency-key-reused`: The idempotency key belongs to another request. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `too-many-requests`: Too many requests. */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unavailable`: It cannot be done at present. */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
    };
  };
  listAudit: {
    parameters: {
      query?: {
        /** @description How many at most. */
        limit?: number;
        /** @description Where the page before ended: its `next`. */
        cursor?: string;
        /** @description Name, address or member id of a portal. */
        portal?: string;
        /** @description Name of an actor, or the kind of one without a name. */
        actor?: string;
        action?:
          | 'retried'
          | 'discarded'
          | 'republished'
          | 'paused'
          | 'resumed'
          | 'woken'
          | 'installed'
          | 'uninstalled'
          | 'renamed'
          | 'settings_changed'
          | 'prefix_taken_over'
          | 'logged_in'
          | 'log_in_refused'
          | 'logged_out';
        /** @description Not before then. A day or a time (ISO 8601), UTC where no zone is said. */
        from?: string;
        /** @description Before then. A day or a time (ISO 8601), UTC where no zone is said. */
        to?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AuditPage'];
        };
      };
      /** @description `invalid-request`: The request is not as the API takes it. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unauthorized`: A token is needed. */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `not-found`: There is no such thing. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `too-many-requests`: Too many requests. */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unavailable`: It cannot be done at present. */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
    };
  };
  getHealth: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Health'];
        };
      };
      /** @description `invalid-request`: The request is not as the API takes it. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unauthorized`: A token is needed. */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `too-many-requests`: Too many requests. */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unavailable`: It cannot be done at present. */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
    };
  };
  listQueues: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Queues'];
        };
      };
      /** @description `invalid-request`: The request is not as the API takes it. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unauthorized`: A token is needed. */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `too-many-requests`: Too many requests. */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
      /** @description `unavailable`: It cannot be done at present. */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['ProblemSchema'];
        };
      };
    };
  };
}
