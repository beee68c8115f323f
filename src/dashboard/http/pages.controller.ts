import { NotFoundException, Param, Post, Query, Redirect } from '@nestjs/common';
import { REACHES } from '../../monitoring/long-past.js';
import { ObservedService } from '../live/observed-service.js';
import { countPortalQueue } from '../live/count-portal-queue.js';
import { type Fields, textField } from '../session/dashboard-request.js';
import { readPortalQuery } from '../portals/portal-query.js';
import { heldRows } from '../session/held-rows.js';
import { OVERVIEW_REACH, overviewPage, PORTAL_ROWS } from '../views/overview-page.js';
import { portalPage } from '../views/portal-page.js';
import { queuesPage } from '../views/queues-page.js';
import { type HttpContext } from './http-context.js';
import { DashboardController, Http, Page } from './page.decorators.js';
import { PageContextService } from './page-context.service.js';

/** What there is to see of portals and queues. */
@DashboardController()
export class PagesController {
  constructor(
    private readonly service: ObservedService,
    private readonly pages: PageContextService,
  ) {}

  @Page()
  overview(@Query() query: Fields, @Http() http: HttpContext): Promise<string> {
    const held = heldRows(http.request, PORTAL_ROWS)?.keys ?? [];
    const wanted = readPortalQuery(query);
    const past = this.service.activity.past(null, wanted.reach ?? OVERVIEW_REACH);
    return this.pages.show(http, (context, snapshot) => overviewPage(context, snapshot, wanted, past, held));
  }

  @Page('portals/:name')
  portal(@Param('name') name: string, @Query() query: Fields, @Http() http: HttpContext): Promise<string> {
    const reach = REACHES.find((one) => one === textField(query, 'span')) ?? 'minutes';
    const { service } = this;
    return this.pages.show(http, (context, snapshot) => {
      const view = snapshot.portals.find(({ portal }) => portal.name === name);
      if (view === undefined) throw new NotFoundException();
      return portalPage(context, snapshot, view, {
        reach,
        past: service.activity.past(name, reach),
        budget: service.clientOf(view.portal.memberId)?.budgetReport(),
        reconciled: (service.settings.RECONCILE ?? []).length > 0,
      });
    });
  }

  @Post('portals/:name/look')
  @Redirect('/', 303)
  async count(@Param('name') name: string, @Http() http: HttpContext): Promise<{ url: string }> {
    const portal = this.service.registry.byName(name);
    if (portal === undefined) throw new NotFoundException();
    this.pages.tell(http, await countPortalQueue(this.service, portal));
    return { url: `/portals/${encodeURIComponent(name)}` };
  }

  @Page('queues')
  queues(@Http() http: HttpContext): Promise<string> {
    const { names, activity } = this.service;
    return this.pages.show(http, (context, snapshot) =>
      queuesPage(context, snapshot, names, this.service.unrouted(), activity.rejections()),
    );
  }
}
