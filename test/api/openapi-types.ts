// Made of docs/openapi.json by openapi-typescript: npm run docs:openapi
// sha256 b1e975d81ee0048387b20e52ef5838b4e8e81b01a7cade1db8a118db0230a5c5
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
  '/api/v1/portals/{portal}/snapshots': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Snapshots of a portal, and how far they are */
    get: operations['listSnapshots'];
    put?: never;
    /**
     * Read all objects of some types, and publish each as an event
     * @description There is one at a time of a portal.
     */
    post: operations['startSnapshot'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/portals/{portal}/snapshots/pause': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Pause a portal's snapshot: the last one */
    post: operations['pauseSnapshot'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/portals/{portal}/snapshots/resume': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Resume a portal's snapshot: the last one, also where it has failed */
    post: operations['resumeSnapshot'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/portals/{portal}/snapshots/cancel': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Cancel a portal's snapshot: the last one */
    post: operations['cancelSnapshot'];
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
    /**
     * Find events, the latest change first
     * @description Those under way, in trouble and over, for as long as HISTORY_DAYS remembers them.
     */
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
     * One event: its way, its deliveries and what consumers get
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
  '/api/v1/queues/{queue}/look': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * What lies in a queue, by routing key
     * @description Everything stays in its place, but each look counts as a delivery of what it saw.
     */
    post: operations['lookIntoQueue'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/queues/{queue}/republish': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Have events delivered again that lie in a queue, oldest first
     * @description Unrouted ones under the key that they had, dead ones as retries by hand. An event may come twice, and none is lost. Where it fails half-way, what was done is done.
     */
    post: operations['republish'];
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
  '/api/v1/reconciliation/missed': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Changes that no event had announced, the latest first */
    get: operations['listMissedChanges'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/reconciliation/portals/{portal}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How far the objects of a portal are compared */
    get: operations['getReconciliation'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/v1/reconciliation/portals/{portal}/now': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Have everything of a portal compared now, instead of at its time */
    post: operations['reconcileNow'];
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
    SnapshotType: {
      /** @example crm.deal */
      type: string;
      /** @description Everything up to this id is read. */
      afterId: number;
      /** @description The last id that there was when it was begun; null until it was. */
      maxId: number | null;
      /** @description Objects that were read. */
      objects: number;
      /** @description Objects of them that were left out, since a newer event of theirs was under way. */
      superseded: number;
    };
    Snapshot: {
      /** @description Its number. */
      snapshot: number;
      /** @description Name of its portal; its member id where it is not installed any more. */
      portal: string;
      /** @enum {string} */
      state: 'running' | 'paused' | 'cancelled' | 'completed' | 'failed';
      /** @description Why it has failed. */
      reason: string | null;
      types: components['schemas']['SnapshotType'][];
      /** @description What objects have to be like, as the portal takes it. */
      filter: {
        [key: string]: string;
      };
      /** @description The routing key that was asked for; null: the standard ones. */
      routingKey: string | null;
      /** @description Who asked for it. */
      askedBy: string;
      /**
       * Format: date-time
       * @description When it was asked for.
       */
      startedAt: string;
      /**
       * Format: date-time
       * @description When anything of it was last written.
       */
      progressedAt: string;
      /**
       * Format: date-time
       * @description When it was over.
       */
      finishedAt: string | null;
      /** @description How far it is, 0 to 1, by the ids that are read; null until it has begun. */
      fraction: number | null;
      /** @description How many objects there are likely to be, where the others are as dense; null where that cannot be told yet. */
      expectedObjects: number | null;
      /** @description How many seconds it is likely to take on, at the pace that it had; null where that cannot be told. */
      remainingSeconds: number | null;
    };
    SnapshotList: {
      /** @description The latest first, twenty at most. */
      items: components['schemas']['Snapshot'][];
    };
    SnapshotBody: {
      /**
       * @description Types of objects: `crm.deal`, `crm.dynamic-item-134`, ….
       * @example [
       *       "crm.deal",
       *       "crm.contact"
       *     ]
       */
      types: string[];
      /**
       * @description Only objects that are so: each a field, an operator (`=`, `>=`, `<=`, `>`, `<`, `!=`) and a value.
       * @example [
       *       "stageId=WON"
       *     ]
       */
      filter?: string[];
      /**
       * @description The routing key of its events, in place of `<portal>.<object>.snapshot`.
       * @example acme.crm.deal.first-load
       */
      routingKey?: string;
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
      /**
       * @description Where it comes from, where that is not its portal’s queue.
       * @enum {string|null}
       */
      origin: 'snapshot' | 'reconciled' | null;
      /** @enum {string} */
      state:
        | 'reserved'
        | 'refused'
        | 'published'
        | 'failed'
        | 'marked'
        | 'waiting'
        | 'dead'
        | 'processed'
        | 'discarded'
        | 'superseded';
      /**
       * Format: date-time
       * @description Since when it is in this state.
       */
      stateSince: string;
      /**
       * @description How it ended; null while it is under way. `silent`: nothing was heard of it in time.
       * @enum {string|null}
       */
      outcome: 'processed' | 'silent' | 'discarded' | 'dead' | 'superseded' | null;
      /** @description Attempts that were made. */
      attempts: number;
      /** @description Why it last failed. */
      reason: string | null;
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
       * @description When RabbitMQ confirmed it, the last time.
       */
      publishedAt: string | null;
      /**
       * Format: date-time
       * @description When it was over.
       */
      settledAt: string | null;
      /**
       * Format: date-time
       * @description When it is tried again.
       */
      dueAt: string | null;
    };
    EventPage: {
      items: components['schemas']['Event'][];
      /** @description The cursor of the next page; null on the last. */
      next: string | null;
    };
    TimelineEntry: {
      /**
       * Format: date-time
       * @description When.
       */
      at: string;
      /**
       * @description What happened.
       * @enum {string}
       */
      what:
        | 'changed'
        | 'reserved'
        | 'fetched'
        | 'published'
        | 'failed'
        | 'heard'
        | 'marked'
        | 'superseded'
        | 'dead'
        | 'retried'
        | 'discarded'
        | 'settled';
      /** @description Of which attempt, from 1. */
      attempt: number | null;
      /** @description Why it failed. */
      reason: string | null;
      /** @description What told of a failure: a reply, a dead letter, silence. */
      via: string | null;
      /** @description Who did it, where a person did. */
      by: string | null;
      /**
       * @description How it ended; null while it is under way. `silent`: nothing was heard of it in time.
       * @enum {string|null}
       */
      outcome: 'processed' | 'silent' | 'discarded' | 'dead' | 'superseded' | null;
      /** @description Of which event: the same row on the portal may have taken in a newer change. */
      event: string;
    };
    EventDetails: {
      id: string;
      /** @description Its deliveries, the newest first. */
      deliveries: components['schemas']['Event'][];
      /** @description What became of it, in the order in which it happened. */
      timeline: components['schemas']['TimelineEntry'][];
      /** @description The routing key under which it is published; null where it is over and its data is forgotten. */
      routingKey: string | null;
      /** @description What consumers get; null for a token that may only read, where it is forgotten, and where no message can be made. */
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
        | 'reserved'
        | 'refused'
        | 'published'
        | 'failed'
        | 'marked'
        | 'waiting'
        | 'dead'
        | 'processed'
        | 'discarded'
        | 'superseded'
      )[];
      /** @description Only these codes. */
      codes?: string[];
      /** @description What a search would find; see `q`. */
      text?: string;
      /**
       * @description An object and nothing else.
       * @example crm.deal/123
       */
      object?: string;
      /**
       * @description Changed on the portal then or later. A day or a time (ISO 8601), UTC where no zone is said.
       * @example 2026-11-29T14:00:00Z
       */
      from?: string;
      /**
       * @description Changed on the portal until then. A day or a time (ISO 8601), UTC where no zone is said.
       * @example 2026-11-29T14:00:00Z
       */
      to?: string;
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
    QueueKey: {
      /** @example acme.crm.deal.update */
      key: string;
      count: number;
    };
    QueueLook: {
      /** @description By routing key, those with the most messages first. */
      keys: components['schemas']['QueueKey'][];
      /** @description Messages that were looked at, from the oldest on. */
      seen: number;
      /** @description Messages that there are. */
      there: number;
      /** @description Whether the look ended early, at a message that was looked at too often. */
      worn: boolean;
    };
    RepublishOrder: {
      /**
       * @description Only events of this routing key; without it, of every key.
       * @example acme.crm.deal.update
       */
      key?: string;
      /** @description At most so many. */
      count: number;
    };
    Republished: {
      /** @description Delivered to the queues that are bound; of dead ones, due now, in a new series of attempts. */
      republished: number;
      /** @description Dead letters whose event is under way again, or was settled since: taken out, and nothing more. */
      obsolete: number;
      /** @description Still in the queue, by why: `unroutable` (no queue is bound to their key), `unconfirmed` (not taken), `unreadable` (no event of this bridge), `unknown_portal` (not installed). */
      left: {
        [key: string]: number;
      };
      /** @description Whether it ended early, at a message that was passed by too often: ask again. */
      cutShort: boolean;
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
        | 'reconcile_asked'
        | 'installed'
        | 'uninstalled'
        | 'renamed'
        | 'settings_changed'
        | 'prefix_taken_over'
        | 'snapshot_started'
        | 'snapshot_paused'
        | 'snapshot_resumed'
        | 'snapshot_cancelled'
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
    MissedChange: {
      /** @description Id of the event that tells of it. */
      eventId: string;
      /** @description Name of its portal. */
      portal: string;
      /** @example crm.deal/123 */
      subject: string;
      /** @enum {string} */
      change: 'add' | 'update' | 'delete';
      /**
       * Format: date-time
       * @description When the object was changed; of a delete, when that was found.
       */
      changedAt: string;
      /**
       * Format: date-time
       * @description When it was found.
       */
      foundAt: string;
      /**
       * @description Why no event announced it, as likely as that can be told.
       * @enum {string}
       */
      cause:
        | 'bindings_missing'
        | 'not_installed'
        | 'unfinished'
        | 'suspended'
        | 'unlicensed'
        | 'unauthorized'
        | 'paused'
        | 'own_write'
        | 'shared_queue'
        | 'unknown';
    };
    MissedChangePage: {
      items: components['schemas']['MissedChange'][];
      /** @description The cursor of the next page; null on the last. */
      next: string | null;
    };
    MissedCounts: {
      add: number;
      update: number;
      delete: number;
    };
    ReconciledType: {
      /** @example crm.deal */
      type: string;
      /** @description Objects that are known to be there. */
      objects: number;
      /**
       * Format: date-time
       * @description Since when differences count; null while everything is looked at for the first time.
       */
      learnedAt: string | null;
      /**
       * Format: date-time
       * @description When it was last looked through what was changed.
       */
      lookedAt: string | null;
      /**
       * Format: date-time
       * @description When the last sweep through all objects began that is over.
       */
      sweptAt: string | null;
      /** @description How far the sweep under way is, 0 to 1; null: none is. */
      sweep: number | null;
      /** @description Changes whose events may still come. */
      suspects: number;
      /** @description Why it cannot be read at present. */
      trouble: string | null;
      /** @description Changes in the report. */
      missed: components['schemas']['MissedCounts'];
    };
    Reconciliation: {
      /** @description Name of the portal. */
      portal: string;
      types: components['schemas']['ReconciledType'][];
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
  listSnapshots: {
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
          'application/json': components['schemas']['SnapshotList'];
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
  startSnapshot: {
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
        'application/json': components['schemas']['SnapshotBody'];
      };
    };
    responses: {
      /** @description Done. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Snapshot'];
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
  pauseSnapshot: {
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
          'application/json': components['schemas']['Snapshot'];
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
  resumeSnapshot: {
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
          'application/json': components['schemas']['Snapshot'];
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
  cancelSnapshot: {
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
          'application/json': components['schemas']['Snapshot'];
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
        /** @description Anything that names an event: an object (`deal 123`, `crm.deal/123`, `123`), an id, a code, a portal, a state, a part of a reason. */
        q?: string;
        /** @description An object and nothing else. */
        object?: string;
        /** @description Name, address or member id of a portal. */
        portal?: string;
        /** @description Only those in these states. */
        state?: (
          | 'reserved'
          | 'refused'
          | 'published'
          | 'failed'
          | 'marked'
          | 'waiting'
          | 'dead'
          | 'processed'
          | 'discarded'
          | 'superseded'
        )[];
        /** @description Only these codes. */
        code?: string[];
        /** @description Changed on the portal then or later. A day or a time (ISO 8601), UTC where no zone is said. */
        from?: string;
        /** @description Changed on the portal until then. A day or a time (ISO 8601), UTC where no zone is said. */
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
          'application/json': components['schemas']['EventPage'];
        };
      };
      /** @description `invalid-request`: The request is not as the API takes it. `invalid-cursor`: The cursor is none that this list has given. */
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
  lookIntoQueue: {
    parameters: {
      query?: never;
      header?: {
        /** @description Any text of 1 to 255 printable characters without spaces. The same request with the same key is done once and answered the same, for 24 hours. */
        'Idempotency-Key'?: string;
      };
      path: {
        queue: 'unrouted' | 'dead';
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
          'application/json': components['schemas']['QueueLook'];
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
  republish: {
    parameters: {
      query?: never;
      header?: {
        /** @description Any text of 1 to 255 printable characters without spaces. The same request with the same key is done once and answered the same, for 24 hours. */
        'Idempotency-Key'?: string;
      };
      path: {
        queue: 'unrouted' | 'dead';
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['RepublishOrder'];
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Republished'];
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
          | 'reconcile_asked'
          | 'installed'
          | 'uninstalled'
          | 'renamed'
          | 'settings_changed'
          | 'prefix_taken_over'
          | 'snapshot_started'
          | 'snapshot_paused'
          | 'snapshot_resumed'
          | 'snapshot_cancelled'
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
  listMissedChanges: {
    parameters: {
      query?: {
        /** @description How many at most. */
        limit?: number;
        /** @description Where the page before ended: its `next`. */
        cursor?: string;
        /** @description Name, address or member id of a portal. */
        portal?: string;
        change?: 'add' | 'update' | 'delete';
        cause?:
          | 'bindings_missing'
          | 'not_installed'
          | 'unfinished'
          | 'suspended'
          | 'unlicensed'
          | 'unauthorized'
          | 'paused'
          | 'own_write'
          | 'shared_queue'
          | 'unknown';
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
          'application/json': components['schemas']['MissedChangePage'];
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
  getReconciliation: {
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
          'application/json': components['schemas']['Reconciliation'];
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
  reconcileNow: {
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
          'application/json': components['schemas']['Reconciliation'];
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
}
