import { BadRequestException, Get, Param, Query, type StreamableFile } from '@nestjs/common';
import { foundRows } from '../../events/export-events.js';
import { BadCursor } from '../../http/cursor.js';
import { FIND_PATH, readFindQuery, searchOf } from '../events/find-query.js';
import { ObservedService } from '../live/observed-service.js';
import { type Fields, textField } from '../session/dashboard-request.js';
import { foundPage } from '../views/found-page.js';
import { exportFile } from './export-file.js';
import { type HttpContext } from './http-context.js';
import { DashboardController, Http, Page } from './page.decorators.js';
import { PageContextService } from './page-context.service.js';

const PAGE_SIZE = 50;
const NOTHING = { events: [], next: null };

/** All events: those under way, those in trouble, and those that are over, as long as they are remembered. */
@DashboardController(FIND_PATH)
export class FindController {
  constructor(
    private readonly service: ObservedService,
    private readonly pages: PageContextService,
  ) {}

  @Page()
  async list(@Query() fields: Fields, @Http() http: HttpContext): Promise<string> {
    const { registry, search, settings } = this.service;
    const query = readFindQuery(fields);
    const wanted = searchOf(query, registry);
    const after = textField(fields, 'after');
    const cursor = after === '' ? undefined : after;
    const found =
      'query' in wanted
        ? await search.find(wanted.query, { cursor, limit: PAGE_SIZE }).catch(refuseBadCursor)
        : NOTHING;
    const list = {
      query,
      ...found,
      first: cursor === undefined,
      unreadable: 'unreadable' in wanted ? wanted.unreadable : null,
      days: settings.HISTORY_DAYS,
    };
    return this.pages.show(http, (context, snapshot) => foundPage(context, snapshot, list));
  }

  @Get('export/:format')
  write(@Param('format') format: string, @Query() fields: Fields, @Http() http: HttpContext): StreamableFile {
    const { registry, search } = this.service;
    const wanted = searchOf(readFindQuery(fields), registry);
    if ('unreadable' in wanted) throw new BadRequestException();
    return exportFile(
      format,
      foundRows(search, wanted.query, (memberId) => registry.get(memberId)),
      http,
    );
  }
}

/** An address that somebody has changed by hand. */
function refuseBadCursor(error: unknown): never {
  throw error instanceof BadCursor ? new BadRequestException() : error;
}
