import { Readable } from 'node:stream';
import { NotFoundException, StreamableFile } from '@nestjs/common';
import { type deliveryRows, exportCsv, exportJson } from '../../events/export-events.js';
import { type HttpContext } from './http-context.js';

const FORMATS = {
  csv: { write: exportCsv, type: 'text/csv; charset=utf-8' },
  json: { write: exportJson, type: 'application/json; charset=utf-8' },
} as const;

/** Rows as a file that is written while it is read. @throws {NotFoundException} for a format that there is not */
export function exportFile(
  format: string,
  rows: ReturnType<typeof deliveryRows>,
  { response }: HttpContext,
): StreamableFile {
  if (format !== 'csv' && format !== 'json') throw new NotFoundException();
  const { write, type } = FORMATS[format];
  const name = `events-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.${format}`;
  const stream = Readable.from(write(rows));
  // Half a file must not look like a whole one.
  stream.once('error', () => response.destroy());
  return new StreamableFile(stream, { type, disposition: `attachment; filename="${name}"` });
}
