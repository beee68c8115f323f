import { NotFoundException, Param, Post, Redirect } from '@nestjs/common';
import { type Portal } from '../../portals/portal-record.js';
import { wordsIn } from '../html/words.js';
import { ObservedService } from '../live/observed-service.js';
import { fieldsOf, textField } from '../session/dashboard-request.js';
import { actorOf } from '../session/actor-of.js';
import { LONGEST_REASON, pausePage } from '../views/pause-page.js';
import { languageOf } from './language-of.js';
import { type HttpContext } from './http-context.js';
import { DashboardController, Http, Page } from './page.decorators.js';
import { PageContextService } from './page-context.service.js';

/** Pauses portals, and has them go on. */
@DashboardController('portals')
export class PausesController {
  constructor(
    private readonly service: ObservedService,
    private readonly pages: PageContextService,
  ) {}

  @Page(':name/pause')
  question(@Param('name') name: string, @Http() http: HttpContext): Promise<string> {
    const portal = this.portal(name);
    return this.pages.show(http, (context, snapshot) => pausePage(context, snapshot, portal));
  }

  @Post(':name/pause')
  @Redirect('/', 303)
  async pause(@Param('name') name: string, @Http() http: HttpContext): Promise<{ url: string }> {
    const { t } = wordsIn(languageOf(http.request));
    const { memberId } = this.portal(name);
    const reason = textField(fieldsOf(http.request.body), 'reason').slice(0, LONGEST_REASON);
    const { pauses } = this.service;
    const { again, paused } = await pauses.pause(
      memberId,
      reason === '' ? null : reason,
      actorOf(http.request),
    );
    const notice = again
      ? t('pause.already', { portal: name, by: paused.by })
      : t('pause.done', { portal: name });
    return this.backTo(name, notice, http);
  }

  @Post(':name/resume')
  @Redirect('/', 303)
  async resume(@Param('name') name: string, @Http() http: HttpContext): Promise<{ url: string }> {
    const { t } = wordsIn(languageOf(http.request));
    const { memberId } = this.portal(name);
    const { pause, trouble } = await this.service.pauses.resume(memberId, actorOf(http.request));
    const words = [
      ...(pause === null ? [] : [t('pause.ended', { portal: name, by: pause.by })]),
      ...(trouble === null ? [] : [t('pause.askedAgain', { portal: name })]),
    ];
    return this.backTo(
      name,
      words.length === 0 ? t('pause.neither', { portal: name }) : words.join(' '),
      http,
    );
  }

  private portal(name: string): Portal {
    const portal = this.service.registry.byName(name);
    if (portal === undefined || portal.state === 'uninstalled') throw new NotFoundException();
    return portal;
  }

  private backTo(name: string, notice: string, http: HttpContext): { url: string } {
    this.pages.tell(http, notice);
    return { url: `/portals/${encodeURIComponent(name)}` };
  }
}
