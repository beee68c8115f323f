import { Readable } from 'node:stream';
import { Get, NotFoundException, Param, Query, StreamableFile } from '@nestjs/common';
import { exportCsv, exportJson } from '../../events/export-events.js';
import { filterOf, readEventQuery } from '../events/event-query.js';
import { ObservedService } from '../live/observed-service.js';
import { type Fields } from '../session/request.js';
import { type HttpContext } from './http-context.js';
import { DashboardController, Http } from './page.decorators.js';

const FORMATS = {
  csv: { write: exportCsv, type: 'text/csv; charset=utf-8' },
  json: { write: exportJson, type: 'application/json; charset=utf-8' },
} as const;

/** `GET /events/export/csv`, `/events/export/json`: what the list of events finds, as a file. */
@DashboardController('events/export')
export class ExportController {
  constructor(private readonly service: ObservedService) {}

  @Get(':format')
  write(
    @Param('format') format: string,
    @Query() fields: Fields,
    @Http() { response }: HttpContext,
  ): StreamableFile {
    if (format !== 'csv' && format !== 'json') throw new NotFoundException();
    const { admin, registry } = this.service;
    const filter = filterOf(readEventQuery(fields), registry);
    const { write, type } = FORMATS[format];
    const parts = write(admin, filter ?? { states: [] }, (memberId) => registry.get(memberId));
    const name = `events-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.${format}`;
    const stream = Readable.from(parts);
    // Half a file must not look like a whole one.
    stream.once('error', () => response.destroy());
    return new StreamableFile(stream, {
      type,
      disposition: `attachment; filename="${name}"`,
    });
  }
}
