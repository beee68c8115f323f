import { Query } from '@nestjs/common';
import { AuditReader } from '../../audit/audit-reader.js';
import { type AuditMark } from '../../audit/entries.js';
import { readTime } from '../../audit/read-time.js';
import { ObservedService } from '../live/observed-service.js';
import { type Portal } from '../../portals/portal-record.js';
import { type Fields, textField } from '../session/dashboard-request.js';
import { auditPage, type AuditQuery } from '../views/audit-page.js';
import { type HttpContext } from './http-context.js';
import { DashboardController, Http, Page } from './page.decorators.js';
import { PageContextService } from './page-context.service.js';

const PAGE_SIZE = 50;
const MAX_TEXT = 200;

/** Who did what. */
@DashboardController('audit')
export class AuditController {
  constructor(
    private readonly service: ObservedService,
    private readonly audit: AuditReader,
    private readonly pages: PageContextService,
  ) {}

  @Page()
  async list(@Query() fields: Fields, @Http() http: HttpContext): Promise<string> {
    const { settings } = this.service;
    const text = (name: keyof AuditQuery) => textField(fields, name).slice(0, MAX_TEXT);
    const query: AuditQuery = {
      portal: text('portal'),
      actor: text('actor'),
      action: text('action'),
      from: text('from'),
      to: text('to'),
    };
    const portal = query.portal === '' ? null : this.portal(query.portal);
    const [from, to] = [query.from, query.to].map((time) => (time === '' ? undefined : readTime(time)));
    const unreadable =
      portal === undefined ? query.portal : from === null ? query.from : to === null ? query.to : null;
    const after = readMark(textField(fields, 'after'));
    const filter = {
      memberId: portal?.memberId,
      actor: query.actor === '' ? undefined : query.actor,
      action: query.action === '' ? undefined : query.action,
      from: from ?? undefined,
      to: to ?? undefined,
    };
    const entries = unreadable === null ? await this.audit.list(filter, PAGE_SIZE + 1, after) : [];
    const last = entries[PAGE_SIZE - 1];
    const list = {
      query,
      entries: entries.slice(0, PAGE_SIZE),
      next: entries.length > PAGE_SIZE && last ? { at: last.at, id: last.id } : null,
      first: after === undefined,
      unreadable,
      days: settings.AUDIT_DAYS,
    };
    return this.pages.show(http, (context, snapshot) => auditPage(context, snapshot, list));
  }

  /** By its name, or by its member id where it is not installed any more. */
  private portal(word: string): Pick<Portal, 'memberId'> | undefined {
    const { registry } = this.service;
    return registry.byName(word) ?? registry.get(word);
  }
}

function readMark(text: string): AuditMark | undefined {
  const [, at, id] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  return at === undefined || id === undefined ? undefined : { at: Number(at), id: Number(id) };
}
