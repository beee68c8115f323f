import { Injectable } from '@nestjs/common';
import { type Phrase } from '../../i18n/translate.js';
import { type Html } from '../html/html.js';
import { SnapshotFeed } from '../live/snapshot-feed.js';
import { type Snapshot } from '../live/snapshot.js';
import { Access } from '../session/access.js';
import { cookieName, readCookie, writeCookie } from '../session/cookies.js';
import { wordsIn } from '../html/words.js';
import { languageOf } from './language-of.js';
import { sessionOf } from '../session/session.guard.js';
import { type Notice, type PageContext } from '../views/layout.js';
import { Assets } from './assets.js';
import { type HttpContext } from './http-context.js';

/** Long enough for a redirect. */
const NOTICE_MS = 60_000;

/** What every page has around its content, and the notice after an action. */
@Injectable()
export class PageContextService {
  constructor(
    private readonly access: Access,
    private readonly assets: Assets,
    private readonly feed: SnapshotFeed,
  ) {}

  /** A page for a user who is logged in, drawn with the service's present state. */
  async show(http: HttpContext, draw: (context: PageContext, snapshot: Snapshot) => Html): Promise<string> {
    const snapshot = await this.feed.current();
    return draw(this.of(http), snapshot).text;
  }

  /** Takes the notice out of its cookie, so that it is shown once. */
  of({ request, response }: HttpContext): PageContext {
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
      words: wordsIn(languageOf(request)),
      path: request.originalUrl,
      notice: noticeOf(notice),
    };
  }

  /** Has the next page of this session show a notice, and what was just changed. */
  tell(http: HttpContext, ...notice: readonly (string | Phrase)[]): void {
    this.feed.refresh();
    const { say } = wordsIn(languageOf(http.request));
    const text = notice.map((part) => (typeof part === 'string' ? part : say(part))).join(' ');
    this.leave(http, { text, bad: false });
  }

  /** Has the next page say why something could not be done. */
  tellNotDone(http: HttpContext, why: Phrase): void {
    this.feed.refresh();
    this.leave(http, { text: wordsIn(languageOf(http.request)).say(why), bad: true });
  }

  private leave({ request, response }: HttpContext, notice: Notice): void {
    const purpose = `notice ${sessionOf(request).id}`;
    const sealed = this.access.signed.seal(purpose, notice, Date.now() + NOTICE_MS);
    const name = cookieName('notice', request.secure);
    response.appendHeader('Set-Cookie', writeCookie(name, sealed, NOTICE_MS / 1000, request.secure));
  }
}

function noticeOf(value: unknown): Notice | null {
  if (typeof value !== 'object' || value === null || !('text' in value) || !('bad' in value)) return null;
  return typeof value.text === 'string' ? { text: value.text, bad: value.bad === true } : null;
}
