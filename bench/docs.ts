import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawReport } from './drawing/picture.js';
import { asText, type Report } from './report.js';

/** Writes what the documentation shows of a report: its text, its figures, and the picture drawn from these. */
export function writeDocs(report: Report, folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'report.txt'), asText(report));
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(join(folder, 'report.svg'), drawReport(report));
}
