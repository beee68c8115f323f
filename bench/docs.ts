import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawReport } from './drawing/picture.js';
import { scenarios } from './registry.js';
import { asText, type Report, withEarlier } from './report.js';

/**
 * Writes what the documentation shows of a report: its text, its figures, and the picture drawn from these. What it did not
 * measure is kept as it was.
 */
export function writeDocs(measured: Report, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'report.json');
  const order = scenarios.map(({ name }) => name);
  const report = existsSync(file)
    ? withEarlier(measured, JSON.parse(readFileSync(file, 'utf8')) as Report, order)
    : measured;
  writeFileSync(join(folder, 'report.txt'), asText(report));
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(join(folder, 'report.svg'), drawReport(report));
}
