import { type ServerResponse } from 'node:http';
import {
  BadRequestException,
  Controller,
  Get,
  Header,
  HttpCode,
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
import { readReference } from '../inspection/event-reference.js';
import { messageOf } from '../inspection/event-message.js';
import { Door, sessionOf } from './door.js';
import { type ActionName, EventActions } from './event-actions.js';
import { filterOf, readChoice, readEventQuery, readPageMark } from './event-query.js';
import { Failures } from './failures.js';
import { Frames } from './frames.js';
import { ObservedService } from './observed-service.js';
import { ownPath } from './own-path.js';
import { Pulse } from './pulse.js';
import { type DashboardRequest, type Fields, fieldsOf, numberField, textField } from './request.js';
import { confirmPage } from './views/confirm-page.js';
import { eventPage } from './views/event-page.js';
import { eventsPage } from './views/events-page.js';

const PAGE_SIZE = 50;

/** Events that went wrong, and what people do about them. */
@Controller('events')
@UseGuards(Door)
@UseFilters(Failures)
export class EventsController {
  constructor(
    @Inject(ObservedService) private readonly service: ObservedService,
    @Inject(EventActions) private readonly actions: EventActions,
    @Inject(Pulse) private readonly pulse: Pulse,
    @Inject(Frames) private readonly frames: Frames,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  async list(
    @Query() fields: Fields,
    @Req() request: DashboardRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<string> {
    const { admin, registry, settings } = this.service;
    const query = readEventQuery(fields);
    const named = await this.eventNamed(query.text);
    if (named !== null) {
      response.statusCode = 303;
      response.setHeader('Location', `/events/${encodeURIComponent(named)}`);
      return '';
    }
    const filter = filterOf(query, registry);
    const after = readPageMark(fields);
    const [snapshot, counts, records] = await Promise.all([
      this.pulse.look(),
      filter === null ? {} : admin.count(filter),
      filter === null ? [] : admin.latest(filter, PAGE_SIZE + 1, after),
    ]);
    const shown = records.slice(0, PAGE_SIZE);
    const last = shown.at(-1);
    return eventsPage(this.frames.of(request, response), snapshot, {
      query,
      records: shown,
      counts,
      maxAttempts: settings.RETRY_MAX_ATTEMPTS,
      next: records.length > PAGE_SIZE && last ? { stateAt: last.state_at, seq: last.seq } : null,
      first: after === undefined,
    }).text;
  }

  /** By event id, so that a page that is open goes on with the next delivery; by the number of one, too. */
  @Get(':event')
  @Header('Content-Type', 'text/html; charset=utf-8')
  async show(
    @Param('event') text: string,
    @Query() fields: Fields,
    @Req() request: DashboardRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<string> {
    const { admin, registry, settings } = this.service;
    const reference = readReference(text);
    const found = reference === null ? [] : await admin.find(reference);
    const wanted = numberField(fields, 'delivery');
    const record = found.find(({ seq }) => seq === wanted) ?? found[0];
    if (record === undefined) throw new NotFoundException();
    const all = await admin.find({
      memberId: record.member_id,
      rowId: record.row_id,
      changedAt: record.changed_at,
    });
    const portal = registry.get(record.member_id);
    return eventPage(this.frames.of(request, response), await this.pulse.look(), {
      record,
      all: all.reverse(),
      message: messageOf(record, portal),
      portal: portal?.name ?? null,
      maxAttempts: settings.RETRY_MAX_ATTEMPTS,
    }).text;
  }

  /** Somebody came back to the question by its address. */
  @Get('confirm/:action')
  @Redirect('/events', 303)
  leaveQuestion(): void {
    return;
  }

  @Post('confirm/:action')
  @HttpCode(200)
  @Header('Content-Type', 'text/html; charset=utf-8')
  async confirm(
    @Param('action') name: string,
    @Req() request: DashboardRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<string> {
    const action = actionNamed(name);
    const fields = fieldsOf(request.body);
    const choice = readChoice(fields);
    const preview = await this.actions.preview(action, choice);
    const back = ownPath(textField(fields, 'back'));
    const frame = this.frames.of(request, response);
    return confirmPage(frame, await this.pulse.look(), { action, choice, preview, back }).text;
  }

  @Post(':action')
  @Redirect('/events', 303)
  async act(
    @Param('action') name: string,
    @Req() request: DashboardRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<{ url: string }> {
    const fields = fieldsOf(request.body);
    const choice = readChoice(fields);
    const done =
      actionNamed(name) === 'retry'
        ? await this.actions.retry(choice)
        : await this.actions.discard(choice, sessionOf(request));
    this.frames.tell(request, response, done);
    return { url: ownPath(textField(fields, 'back')) };
  }

  /** The event that a search text names outright, whatever became of it. */
  private async eventNamed(text: string): Promise<string | null> {
    const reference = readReference(text);
    // A bare number may be anything: an object's, a row's.
    if (reference === null || 'seq' in reference) return null;
    const [record] = await this.service.admin.find(reference);
    return record === undefined ? null : text;
  }
}

function actionNamed(name: string): ActionName {
  if (name !== 'retry' && name !== 'discard') throw new BadRequestException();
  return name;
}
