import { Get, Param, Query, type StreamableFile } from '@nestjs/common';
import { deliveryRows } from '../../events/export-events.js';
import { filterOf, readEventQuery } from '../events/event-query.js';
import { ObservedService } from '../live/observed-service.js';
import { type Fields } from '../session/request.js';
import { exportFile } from './export-file.js';
import { type HttpContext } from './http-context.js';
import { DashboardController, Http } from './page.decorators.js';

/** `GET /events/export/csv`, `/events/export/json`: what the list of events finds, as a file. */
@DashboardController('events/export')
export class ExportController {
  constructor(private readonly service: ObservedService) {}

  @Get(':format')
  write(@Param('format') format: string, @Query() fields: Fields, @Http() http: HttpContext): StreamableFile {
    const { admin, registry } = this.service;
    const filter = filterOf(readEventQuery(fields), registry);
    const rows = deliveryRows(admin, filter ?? { states: [] }, (memberId) => registry.get(memberId));
    return exportFile(format, rows, http);
  }
}
