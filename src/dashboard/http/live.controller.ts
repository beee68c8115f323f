import { type ServerResponse } from 'node:http';
import {
  HttpException,
  HttpStatus,
  Ip,
  type MessageEvent,
  Req,
  Res,
  ServiceUnavailableException,
  Sse,
} from '@nestjs/common';
import { Observable } from 'rxjs';
import { SnapshotFeed } from '../live/snapshot-feed.js';
import { Access } from '../session/access.js';
import { type DashboardRequest } from '../session/dashboard-request.js';
import { sessionOf } from '../session/session.guard.js';
import { DashboardController } from './page.decorators.js';

/** Proxies close what is silent for a minute. */
const HEARTBEAT_MS = 20_000;
/** The browser connects again then, and its session is checked again. */
const LIFETIME_MS = 10 * 60_000;
const MAX_STREAMS = 100;
/** Open pages of one user; behind one address there may be a few users. */
const MAX_OF_SESSION = 10;
const MAX_OF_ADDRESS = 30;

/** Whose stream it is, and from where. */
interface Stream {
  readonly session: string;
  readonly from: string;
}

/**
 * `GET /live`: server-sent events that say when there is something new to see. 429 for a session, or an address, that
 * has as many streams as it may have; 503 when there are too many in all.
 */
@DashboardController('live')
export class LiveController {
  private readonly open = new Set<Stream>();

  constructor(
    private readonly feed: SnapshotFeed,
    private readonly access: Access,
  ) {}

  @Sse()
  watch(
    @Req() request: DashboardRequest,
    @Res({ passthrough: true }) response: ServerResponse,
    @Ip() from: string,
  ): Observable<MessageEvent> {
    const session = sessionOf(request);
    this.admit({ session: session.id, from }, response);
    const until = Math.min(LIFETIME_MS, session.expiresAt - Date.now());
    return new Observable<MessageEvent>((subscriber) => {
      const changed = () => subscriber.next({ type: 'changed', data: '1' });
      const unwatch = this.feed.watch(changed, () => {
        // The page can tell a restart from an interruption.
        subscriber.next({ type: 'restarting', data: '1' });
        subscriber.complete();
      });
      const heartbeat = setInterval(() => {
        subscriber.next({ type: 'alive', data: '1' });
        // A session that was logged out, here or at another replica, gets nothing more.
        const over = this.access.ends.has(session).catch(() => true);
        void over.then((ended) => ended && subscriber.complete());
      }, HEARTBEAT_MS);
      const end = setTimeout(() => subscriber.complete(), until);
      subscriber.next({ type: 'alive', data: '1', retry: 2000 });
      return () => {
        clearInterval(heartbeat);
        clearTimeout(end);
        unwatch();
      };
    });
  }

  /** Counts it from here on, since what is asked for at once is read only later. */
  private admit(stream: Stream, response: ServerResponse): void {
    const open = [...this.open];
    if (open.length >= MAX_STREAMS) throw new ServiceUnavailableException();
    const ofSession = open.filter(({ session }) => session === stream.session).length;
    const ofAddress = open.filter(({ from }) => from === stream.from).length;
    if (ofSession >= MAX_OF_SESSION || ofAddress >= MAX_OF_ADDRESS)
      throw new HttpException('too many pages of this kind are open', HttpStatus.TOO_MANY_REQUESTS);
    if (response.destroyed) return;
    this.open.add(stream);
    response.once('close', () => this.open.delete(stream));
  }
}
