import { type ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { Access } from './access.js';
import { Assets } from './assets.js';
import { cookieName, readCookie, writeCookie } from './cookies.js';
import { sessionOf } from './door.js';
import { type DashboardRequest } from './request.js';
import { type Frame } from './views/layout.js';

/** Long enough for a redirect. */
const NOTICE_MS = 60_000;

/** What stands around every page, and what it tells whoever has just done something. */
@Injectable()
export class Frames {
  constructor(
    @Inject(Access) private readonly access: Access,
    @Inject(Assets) private readonly assets: Assets,
  ) {}

  /** Takes the notice out of its cookie, so that it is shown once. */
  of(request: DashboardRequest, response: ServerResponse): Frame {
    const session = sessionOf(request);
    const { sessions, signed } = this.access;
    const name = cookieName('notice', request.secure);
    const sealed = readCookie(request.headers.cookie, name);
    const live = request.headers['x-live'] !== undefined;
    if (sealed !== undefined && !live) {
      response.appendHeader('Set-Cookie', writeCookie(name, '', 0, request.secure));
    }
    const notice = sealed === undefined || live ? undefined : signed.open(`notice ${session.id}`, sealed);
    return {
      assets: this.assets.path,
      session,
      formToken: sessions.formToken(session),
      notice: typeof notice === 'string' ? notice : null,
    };
  }

  /** Has the next page of this session say something. */
  tell(request: DashboardRequest, response: ServerResponse, notice: string): void {
    const purpose = `notice ${sessionOf(request).id}`;
    const sealed = this.access.signed.seal(purpose, notice, Date.now() + NOTICE_MS);
    const name = cookieName('notice', request.secure);
    response.appendHeader('Set-Cookie', writeCookie(name, sealed, NOTICE_MS / 1000, request.secure));
  }
}
