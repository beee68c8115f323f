import { NotFoundException, Param, Post, Query, Redirect } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import { Settings } from '../../config/settings.js';
import { type Portal } from '../../portals/portal-record.js';
import { ReconcileReport } from '../../state/reconcile/reconcile-report.js';
import { wordsIn } from '../html/words.js';
import { ObservedService } from '../live/observed-service.js';
import { actorOf } from '../session/actor-of.js';
import { type Fields, textField } from '../session/dashboard-request.js';
import { missedPage } from '../views/missed-page.js';
import { type HttpContext } from './http-context.js';
import { languageOf } from './language-of.js';
import { DashboardController, Http, Page } from './page.decorators.js';
import { PageContextService } from './page-context.service.js';

const AT_ONCE = 50;

/** Changes that no event announced. */
@DashboardController('portals')
export class MissedController {
  constructor(
    private readonly service: ObservedService,
    private readonly report: ReconcileReport,
    private readonly settings: Settings,
    private readonly audit: AuditLog,
    private readonly pages: PageContextService,
  ) {}

  @Page(':name/missed')
  async missed(
    @Param('name') name: string,
    @Query() query: Fields,
    @Http() http: HttpContext,
  ): Promise<string> {
    const portal = this.portal(name);
    const { memberId } = portal;
    const given = textField(query, 'before');
    const before = /^\d{1,15}$/.test(given) ? Number(given) : undefined;
    const found = await this.report.missed({ memberId }, AT_ONCE + 1, before);
    const missed = found.slice(0, AT_ONCE);
    const types = await this.report.types(memberId);
    const next = found.length > AT_ONCE ? (missed.at(-1)?.no ?? null) : null;
    const first = before === undefined;
    return this.pages.show(http, (context, snapshot) =>
      missedPage(context, snapshot, { portal, on: this.on, types, missed, next, first }),
    );
  }

  @Post(':name/missed/now')
  @Redirect('/', 303)
  async now(@Param('name') name: string, @Http() http: HttpContext): Promise<{ url: string }> {
    const { memberId } = this.portal(name);
    if (!this.on) throw new NotFoundException();
    await this.report.askNow([memberId]);
    await this.audit.record({
      actor: actorOf(http.request),
      action: 'reconcile_asked',
      portal: memberId,
      target: name,
    });
    const { t } = wordsIn(languageOf(http.request));
    this.pages.tell(http, t('missed.asked', { portal: name }));
    return { url: `/portals/${encodeURIComponent(name)}/missed` };
  }

  private get on(): boolean {
    return (this.settings.RECONCILE ?? []).length > 0;
  }

  private portal(name: string): Portal {
    const portal = this.service.registry.byName(name);
    if (portal === undefined) throw new NotFoundException();
    return portal;
  }
}
