import { type ServerResponse } from 'node:http';
import {
  Controller,
  Get,
  Header,
  Inject,
  NotFoundException,
  Param,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { Door } from './door.js';
import { Failures } from './failures.js';
import { Frames } from './frames.js';
import { ObservedService } from './observed-service.js';
import { countQueue } from './portal-queue.js';
import { Pulse } from './pulse.js';
import { type DashboardRequest, type Fields, numberField, textField } from './request.js';
import { overviewPage } from './views/overview-page.js';
import { portalPage } from './views/portal-page.js';
import { queuesPage } from './views/queues-page.js';

/** What there is to see of portals and queues. */
@Controller()
@UseGuards(Door)
@UseFilters(Failures)
export class PagesController {
  constructor(
    @Inject(ObservedService) private readonly service: ObservedService,
    @Inject(Pulse) private readonly pulse: Pulse,
    @Inject(Frames) private readonly frames: Frames,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  async overview(
    @Query() query: Fields,
    @Req() request: DashboardRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<string> {
    const frame = this.frames.of(request, response);
    const number = Math.max(1, numberField(query, 'page') ?? 1);
    return overviewPage(frame, await this.pulse.look(), { text: textField(query, 'q'), number }).text;
  }

  @Get('portals/:name')
  @Header('Content-Type', 'text/html; charset=utf-8')
  async portal(
    @Param('name') name: string,
    @Req() request: DashboardRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<string> {
    const snapshot = await this.pulse.look();
    const view = snapshot.portals.find(({ portal }) => portal.name === name);
    if (view === undefined) throw new NotFoundException();
    return portalPage(this.frames.of(request, response), snapshot, view).text;
  }

  @Post('portals/:name/look')
  @Redirect('/', 303)
  async count(
    @Param('name') name: string,
    @Req() request: DashboardRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<{ url: string }> {
    const portal = this.service.registry.byName(name);
    if (portal === undefined) throw new NotFoundException();
    this.frames.tell(request, response, await countQueue(this.service, portal));
    this.pulse.refresh();
    return { url: `/portals/${encodeURIComponent(name)}` };
  }

  @Get('queues')
  @Header('Content-Type', 'text/html; charset=utf-8')
  async queues(
    @Req() request: DashboardRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<string> {
    const { service } = this;
    const frame = this.frames.of(request, response);
    const snapshot = await this.pulse.look();
    return queuesPage(frame, snapshot, service.names, service.unrouted(), service.activity.rejections()).text;
  }
}
