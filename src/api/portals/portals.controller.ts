import { Body, Get, Param, Query } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import { readCursor, writeCursor } from '../../http/cursor.js';
import { LedgerAdmin } from '../../ledger/admin.js';
import { Pauses } from '../../portals/pauses.js';
import { type Portal } from '../../portals/portal-record.js';
import { PortalRegistry } from '../../portals/registry.js';
import { Signals } from '../../replicas/signals.js';
import { actorOf, type ApiRequest } from '../access/api-request.js';
import { Answers, ApiResource, Operates, Request } from '../http/api.decorators.js';
import { Problem } from '../http/problem.js';
import { PauseBody, PortalPage, PortalsQuery, PortalView, viewPortal, WokenView } from './portal-view.js';

/** The portals that the application is installed on. */
@ApiResource('portals', 'portals')
export class PortalsController {
  constructor(
    private readonly registry: PortalRegistry,
    private readonly admin: LedgerAdmin,
    private readonly pauses: Pauses,
    private readonly signals: Signals,
    private readonly audit: AuditLog,
  ) {}

  @Get()
  @Answers('The portals, by name', 'listPortals', PortalPage)
  async list(@Query() { state, limit, cursor }: PortalsQuery): Promise<PortalPage> {
    const after = cursor === undefined ? 0 : readCursor('portals', cursor).id;
    const all = [...this.registry.list()]
      .filter((portal) => state === undefined || portal.state === state)
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    const shown = all.slice(after, after + limit);
    const view = await this.viewer();
    const end = after + shown.length;
    return {
      items: shown.map(view),
      next: end < all.length ? writeCursor('portals', { at: 0, id: end }) : null,
    };
  }

  @Get(':portal')
  @Answers('One portal, by name, address or member id', 'getPortal', PortalView, { problems: ['not-found'] })
  async show(@Param('portal') word: string): Promise<PortalView> {
    return (await this.viewer())(this.portal(word));
  }

  @Operates(':portal/wake', "Have a portal's next round come at once", 'wakePortal', WokenView, {
    problems: ['not-found'],
  })
  async wake(@Param('portal') word: string, @Request() request: ApiRequest): Promise<WokenView> {
    const { memberId, name } = this.portal(word);
    this.signals.due([memberId]);
    await this.audit.recordOften({
      actor: actorOf(request),
      action: 'woken',
      portal: memberId,
      target: name,
    });
    return { woken: name };
  }

  @Operates(':portal/pause', 'Pause a portal: nothing new is reserved', 'pausePortal', PortalView, {
    problems: ['not-found'],
    description:
      'What is in hand is published, retried and cleared as ever. Pausing it again changes the reason only.',
  })
  async pause(
    @Param('portal') word: string,
    @Body() { reason }: PauseBody,
    @Request() request: ApiRequest,
  ): Promise<PortalView> {
    const { memberId } = this.portal(word);
    await this.pauses.pause(memberId, reason ?? null, actorOf(request));
    return this.show(memberId);
  }

  @Operates(
    ':portal/resume',
    "End a portal's pause, and have it asked again at once",
    'resumePortal',
    PortalView,
    {
      problems: ['not-found'],
    },
  )
  async resume(@Param('portal') word: string, @Request() request: ApiRequest): Promise<PortalView> {
    const { memberId } = this.portal(word);
    await this.pauses.resume(memberId, actorOf(request));
    return this.show(memberId);
  }

  private portal(word: string): Portal {
    const found = this.registry.meant(word);
    if (found === undefined) throw new Problem('not-found', `no portal ${word.slice(0, 300)} is installed`);
    return found;
  }

  private async viewer(): Promise<(portal: Portal) => PortalView> {
    const [troubles, inFlight] = await Promise.all([
      this.admin.troubleByPortal(),
      this.admin.inFlightByPortal(),
    ]);
    return (portal) => {
      const { counts } = troubles.get(portal.memberId) ?? { counts: {} };
      return viewPortal(portal, counts, inFlight.get(portal.memberId) ?? 0);
    };
  }
}
