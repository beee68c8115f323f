import { NotFoundException, Param, Post, Redirect } from '@nestjs/common';
import { SnapshotRefused } from '../../events/snapshots/snapshot-desk.js';
import { SnapshotWordsUnclear } from '../../events/snapshots/snapshot-wanted.js';
import { Phrase } from '../../i18n/translate.js';
import { type SnapshotRecord } from '../../ledger/snapshots/snapshot-record.js';
import { STEERED, type Steering } from '../../ledger/snapshots/steer-snapshot.js';
import { type Portal } from '../../portals/portal-record.js';
import { ObservedService } from '../live/observed-service.js';
import { actorOf } from '../session/actor-of.js';
import { fieldsOf, textField } from '../session/dashboard-request.js';
import { snapshotsPage } from '../views/snapshots-page.js';
import { type HttpContext } from './http-context.js';
import { DashboardController, Http, Page } from './page.decorators.js';
import { PageContextService } from './page-context.service.js';

/** Starts snapshots of portals, shows how far they are, pauses and cancels them. */
@DashboardController('portals')
export class SnapshotsController {
  constructor(
    private readonly service: ObservedService,
    private readonly pages: PageContextService,
  ) {}

  @Page(':name/snapshots')
  async list(@Param('name') name: string, @Http() http: HttpContext): Promise<string> {
    const portal = this.portal(name);
    const snapshots = await this.service.snapshots.list(portal.memberId);
    return this.pages.show(http, (context, snapshot) => snapshotsPage(context, snapshot, portal, snapshots));
  }

  @Post(':name/snapshots')
  @Redirect('/', 303)
  start(@Param('name') name: string, @Http() http: HttpContext): Promise<{ url: string }> {
    const portal = this.portal(name);
    const fields = fieldsOf(http.request.body);
    const listed = (field: string) =>
      textField(fields, field)
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '');
    const routingKey = textField(fields, 'key').trim();
    const words = {
      types: listed('types'),
      filter: listed('filter'),
      ...(routingKey === '' ? {} : { routingKey }),
    };
    return this.tellOf(
      portal,
      http,
      () => this.service.snapshots.start(portal, words, actorOf(http.request)),
      ({ no }) => Phrase.of('snapshots.started', { no }),
    );
  }

  @Post(':name/snapshots/:no/:steering')
  @Redirect('/', 303)
  steer(
    @Param('name') name: string,
    @Param('no') no: string,
    @Param('steering') word: string,
    @Http() http: HttpContext,
  ): Promise<{ url: string }> {
    const portal = this.portal(name);
    const steering = (Object.keys(STEERED) as Steering[]).find((one) => one === word);
    if (steering === undefined || !/^\d{1,15}$/.test(no)) throw new NotFoundException();
    return this.tellOf(
      portal,
      http,
      () => this.service.snapshots.steer(portal, steering, actorOf(http.request), Number(no)),
      (done) => Phrase.of('snapshots.steered', { no: done.no, state: Phrase.of(`snapshots.${done.state}`) }),
    );
  }

  /** Does it, and goes back to the list with what became of it. */
  private async tellOf(
    { name }: Portal,
    http: HttpContext,
    work: () => Promise<SnapshotRecord>,
    told: (done: SnapshotRecord) => Phrase,
  ): Promise<{ url: string }> {
    try {
      this.pages.tell(http, told(await work()));
    } catch (error) {
      if (!(error instanceof SnapshotRefused || error instanceof SnapshotWordsUnclear)) throw error;
      this.pages.tellNotDone(http, error.phrase);
    }
    return { url: `/portals/${encodeURIComponent(name)}/snapshots` };
  }

  private portal(name: string): Portal {
    const portal = this.service.registry.byName(name);
    if (portal === undefined) throw new NotFoundException();
    return portal;
  }
}
