import { Get, Param, Query } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import { readCursor, writeCursor } from '../../http/cursor.js';
import { type Portal } from '../../portals/portal-record.js';
import { PortalRegistry } from '../../portals/registry.js';
import { ReconcileReport } from '../../state/reconcile/reconcile-report.js';
import { actorOf, type ApiRequest } from '../access/api-request.js';
import { Answers, ApiResource, Operates, Request } from '../http/api.decorators.js';
import { Problem } from '../http/problem.js';
import { MissedChangePage, MissedQuery, ReconciliationView, viewMissed, viewType } from './reconcile-view.js';

/** Changes on portals that no event has announced. */
@ApiResource('reconciliation', 'reconciliation')
export class ReconcileController {
  constructor(
    private readonly registry: PortalRegistry,
    private readonly report: ReconcileReport,
    private readonly audit: AuditLog,
  ) {}

  @Get('missed')
  @Answers('Changes that no event had announced, the latest first', 'listMissedChanges', MissedChangePage, {
    problems: ['not-found'],
  })
  async missed(@Query() { portal, change, cause, limit, cursor }: MissedQuery): Promise<MissedChangePage> {
    const memberId = portal === undefined ? undefined : this.portal(portal).memberId;
    const before = cursor === undefined ? undefined : readCursor('missed', cursor).id;
    const found = await this.report.missed({ memberId, change, cause }, limit + 1, before);
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    return {
      items: shown.map((one) => viewMissed(one, this.registry.nameOf(one.member_id))),
      next: found.length > limit && last ? writeCursor('missed', { at: 0, id: last.no }) : null,
    };
  }

  @Get('portals/:portal')
  @Answers('How far the objects of a portal are compared', 'getReconciliation', ReconciliationView, {
    problems: ['not-found'],
  })
  async show(@Param('portal') word: string): Promise<ReconciliationView> {
    const { memberId, name } = this.portal(word);
    return { portal: name, types: (await this.report.types(memberId)).map(viewType) };
  }

  @Operates(
    'portals/:portal/now',
    'Have everything of a portal compared now, instead of at its time',
    'reconcileNow',
    ReconciliationView,
    { problems: ['not-found'] },
  )
  async now(@Param('portal') word: string, @Request() request: ApiRequest): Promise<ReconciliationView> {
    const { memberId, name } = this.portal(word);
    await this.report.askNow([memberId]);
    await this.audit.record({
      actor: actorOf(request),
      action: 'reconcile_asked',
      portal: memberId,
      target: name,
    });
    return this.show(word);
  }

  private portal(word: string): Portal {
    const found = this.registry.meant(word);
    if (found === undefined) throw new Problem('not-found', `no portal ${word.slice(0, 300)} is installed`);
    return found;
  }
}
