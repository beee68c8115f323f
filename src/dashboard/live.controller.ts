import {
  Controller,
  Inject,
  type MessageEvent,
  Req,
  Sse,
  UseFilters,
  UseGuards,
  ServiceUnavailableException,
} from '@nestjs/common';
import { Observable } from 'rxjs';
import { Door, sessionOf } from './door.js';
import { Failures } from './failures.js';
import { Pulse } from './pulse.js';
import { type DashboardRequest } from './request.js';

/** Proxies close what is silent for a minute. */
const HEARTBEAT_MS = 20_000;
/** The browser connects again then, and shows who it is. */
const LIFETIME_MS = 10 * 60_000;
const MAX_STREAMS = 100;

/** `GET /live`: server-sent events that say when there is something new to see. */
@Controller('live')
@UseGuards(Door)
@UseFilters(Failures)
export class LiveController {
  private streams = 0;

  constructor(@Inject(Pulse) private readonly pulse: Pulse) {}

  @Sse()
  watch(@Req() request: DashboardRequest): Observable<MessageEvent> {
    if (this.streams >= MAX_STREAMS) throw new ServiceUnavailableException();
    const until = Math.min(LIFETIME_MS, sessionOf(request).expiresAt - Date.now());
    return new Observable<MessageEvent>((subscriber) => {
      this.streams += 1;
      const changed = () => subscriber.next({ type: 'changed', data: '1' });
      const unwatch = this.pulse.watch(changed, () => subscriber.complete());
      const heartbeat = setInterval(() => subscriber.next({ type: 'alive', data: '1' }), HEARTBEAT_MS);
      const end = setTimeout(() => subscriber.complete(), until);
      subscriber.next({ type: 'alive', data: '1', retry: 2000 });
      return () => {
        this.streams -= 1;
        clearInterval(heartbeat);
        clearTimeout(end);
        unwatch();
      };
    });
  }
}
