import { DEFAULT_SCOPE, type EmulatedPortal, type Emulator } from '../../emulator/index.js';
import { type Scene } from './scene.js';

/** What portals did that has nothing to do with the way between the processes. */
interface QuirkCount {
  refusedTokens: number;
  spoiltTokens: number;
  refusedMarks: number;
  plans: number;
  oddTimes: number;
  suspensions: number;
  /** Times at which an authorization server was out of order for one of its portals' renewals. */
  serverOutages: number;
  /** Rows that another program reserved with the application's keys, and left. */
  takenByTwin: number;
}

/** What has to be known of it when the books are balanced. */
export class Noted {
  /** Member ids of portals that printed times which nobody can read. */
  readonly unreadable = new Set<string>();
  /** Rows that another program took, `<member id> <message id>`. */
  readonly taken = new Set<string>();
}

const READABLE = ['iso-basic', 'utc', 'fractions', 'database', 'site', 'unix'] as const;
/** Times that nobody can read: the bridge assumes one. */
const UNREADABLE = ['null', 'none', 'empty', 'garbage'] as const;
const TOKEN_ERRORS = ['invalid_token', 'NO_AUTH_FOUND', 'CONNECTION_ERROR', 'ERROR_OAUTH', 'SOMETHING_NEW'];
const MARK = 'event.offline.error';

const SUSPENDED = ['license-expired', 'overload', 'not-commercial', 'access-restricted'] as const;

/** One quirk: begins, and gives what ends it. */
type Quirk = (
  portal: EmulatedPortal,
  done: QuirkCount,
  random: () => number,
  noted: Noted,
  emulator: Emulator,
) => () => void;

const QUIRKS: Record<string, Quirk> = {
  /** It cannot ask its authorization server, whatever token it is shown. */
  tokens: (portal, done, random) => {
    const code = pick(['CONNECTION_ERROR', 'CONNECTION_ERROR', 'SOMETHING_NEW'], random);
    portal.setState({ status: 401, error: code, description: 'Error connecting to authorization server' });
    done.refusedTokens += 1;
    return () => portal.setState('active');
  },
  /** It remembers an error for the access tokens given out so far. */
  token: (portal, done, random) => {
    portal.refuseAccessTokens(pick(TOKEN_ERRORS, random));
    done.spoiltTokens += 1;
    return () => undefined;
  },
  marks: (portal, done, random) => {
    const kind = pick(['error', 'error', 'sql-error', 'html'] as const, random);
    const answer = kind === 'error' ? { status: 400, error: 'ERROR_CORE' } : {};
    const commit = kind !== 'error' && random() < 0.5;
    const armed = portal.inject({ method: MARK, kind, times: Infinity, commit, ...answer });
    return () => {
      done.refusedMarks += armed.hits;
      armed.remove();
    };
  },
  plan: (portal, done) => {
    const { extended } = portal.getFeatures();
    portal.setFeatures({ extended: !extended });
    done.plans += 1;
    return () => portal.setFeatures({ extended });
  },
  /** Without source keys a request that names one is refused as a whole. */
  keys: (portal, done) => {
    portal.setFeatures({ connector: false });
    done.plans += 1;
    return () => portal.setFeatures({ connector: true });
  },
  /** Nobody is served, by an answer or by a redirect. */
  suspended: (portal, done, random) => {
    portal.setState(pick(SUSPENDED, random));
    done.suspensions += 1;
    return () => portal.setState('active');
  },
  /** Its tokens are too old, and its authorization server grants none. */
  server: (portal, done, random, _noted, emulator) => {
    const server = emulator.authorizationServer(portal.authorizationServer);
    const kind = pick(['error', 'drop-before-commit'] as const, random);
    const answer = kind === 'error' ? { status: 503, error: 'INTERNAL_SERVER_ERROR' } : {};
    const armed = server.faults.inject({ method: 'oauth', kind, times: Infinity, ...answer });
    portal.expireAccessTokens();
    return () => {
      done.serverOutages += armed.hits > 0 ? 1 : 0;
      armed.remove();
    };
  },
  /** A staging copy with the same keys takes some rows, and never says what became of them. */
  twin: (portal, done, random, noted) => {
    if (!portal.getFeatures().extended) return () => undefined;
    const connectors = [...new Set(portal.bindings().map(({ connector }) => connector))];
    const connector = pick([...connectors, ''], random);
    const taken = portal.queue.get(
      { clear: 0, limit: 2, error: random() < 0.3 ? 1 : 0 },
      { ...DEFAULT_SCOPE, connector },
    );
    done.takenByTwin += taken.events.length;
    for (const { MESSAGE_ID } of taken.events) noted.taken.add(`${portal.memberId} ${MESSAGE_ID}`);
    return () => undefined;
  },
  times: (portal, done, random, noted) => {
    const readable = random() < 0.5;
    portal.printTimestamps(readable ? pick(READABLE, random) : pick(UNREADABLE, random));
    if (!readable) noted.unreadable.add(portal.memberId);
    done.oddTimes += 1;
    return () => portal.printTimestamps('iso');
  },
};

/** Portals are as odd as portals are, each quirk for some seconds, until it is told to stop. */
export function quirks(
  { portals, emulator }: Scene,
  done: QuirkCount,
  noted: Noted,
  random: () => number,
): () => void {
  const active = new Map<string, { end: () => void; timer: NodeJS.Timeout }>();
  const begin = () => {
    const portal = pick(portals, random);
    const name = pick(Object.keys(QUIRKS), random);
    const key = `${portal.name} ${name}`;
    if (active.has(key)) return;
    const end = QUIRKS[name]?.(portal, done, random, noted, emulator) ?? (() => undefined);
    const over = () => {
      active.delete(key);
      end();
    };
    active.set(key, { end, timer: setTimeout(over, 500 + random() * 4500) });
  };
  const timer = setInterval(begin, 600);
  return () => {
    clearInterval(timer);
    for (const { end, timer: pending } of active.values()) {
      clearTimeout(pending);
      end();
    }
    active.clear();
  };
}

function pick<T>(list: readonly T[], random: () => number): T {
  const one = list[Math.floor(random() * list.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}
