import { Get, Param, Query, type StreamableFile } from '@nestjs/common';
import { deliveryRows } from '../../events/export-events.js';
import { filterOf, readTroubleQuery } from '../events/trouble-query.js';
import { ObservedService } from '../live/observed-service.js';
import { type Fields } from '../session/dashboard-request.js';
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
    const filter = filterOf(readTroubleQuery(fields), registry);
    const rows = deliveryRows(admin, filter ?? { states: [] }, (memberId) => registry.get(memberId));
    return exportFile(format, rows, http);
  }
}
