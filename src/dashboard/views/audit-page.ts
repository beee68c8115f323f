import { AUDIT_ACTIONS, type AuditAction } from '../../audit/audit-log.js';
import { ACTOR_KINDS, type ActorKind } from '../../audit/actor.js';
import { type AuditMark, type StoredEntry } from '../../audit/entries.js';
import { html, type Html, type Part } from '../html/html.js';
import { portalNamesList } from './portal-names-list.js';
import { type Words } from '../html/words.js';
import { type Snapshot } from '../live/snapshot.js';
import { type PageContext, page } from './layout.js';

/** What a user looks for among the actions, as it was typed. */
export interface AuditQuery {
  readonly portal: string;
  readonly actor: string;
  readonly action: string;
  readonly from: string;
  readonly to: string;
}

/** One page of actions. */
export interface AuditList {
  readonly query: AuditQuery;
  readonly entries: readonly StoredEntry[];
  /** Where the next page begins; null on the last. */
  readonly next: AuditMark | null;
  readonly first: boolean;
  /** A portal or a time that could not be read; null where all could. */
  readonly unreadable: string | null;
  /** How long actions are kept. */
  readonly days: number;
}

/** Where a query's list is, from `after` on. */
function auditPath(query: AuditQuery, after?: AuditMark): string {
  const fields = Object.entries(query).filter(([, value]) => value !== '') as [string, string][];
  if (after !== undefined) fields.push(['after', `${after.at}-${after.id}`]);
  return fields.length === 0 ? '/audit' : `/audit?${new URLSearchParams(fields).toString()}`;
}

/** `/audit`: who did what, the latest first. */
export function auditPage(context: PageContext, snapshot: Snapshot, list: AuditList): Html {
  const { t } = context.words;
  const { entries, unreadable } = list;
  return page(context, snapshot, {
    title: t('audit.title'),
    room: 'audit',
    body: html`<h1>${t('audit.heading')}</h1>
      ${filterForm(context.words, snapshot, list.query)}
      ${unreadable !== null && html`<p class="banner warn">${t('audit.unreadable', { value: unreadable })}</p>`}
      <div id="audit" data-live>
        ${
          entries.length === 0
            ? html`<div class="empty"><p>${t('audit.none')}</p></div>`
            : table(context.words, entries)
        }
      </div>
      ${pageLinks(context.words, list)}
      <p class="quiet">${t('audit.kept', { days: list.days })}</p>`,
  });
}

function filterForm({ t }: Words, snapshot: Snapshot, query: AuditQuery): Html {
  const field = (name: keyof AuditQuery, label: string, more: Part = null, hint = '') =>
    html`<label
      >${label}
      <input
        type="text"
        name="${name}"
        value="${query[name]}"
        placeholder="${hint}"
        autocomplete="off"
        ${more}
      />
    </label>`;
  return html`<form
    class="filter"
    method="get"
    action="/audit"
    role="search"
    aria-label="${t('audit.filter')}"
  >
    ${field('actor', t('audit.who'), null, t('audit.all'))}
    <label
      >${t('audit.action')}
      <select name="action">
        <option value="">${t('audit.all')}</option>
        ${AUDIT_ACTIONS.map(
          (action) =>
            html`<option value="${action}" ${query.action === action && html`selected`}>
              ${t(`audit.did.${action}`)}
            </option>`,
        )}
      </select>
    </label>
    ${field('portal', t('audit.portal'), html`list="portal-names"`, t('audit.all'))}
    ${portalNamesList(snapshot)} ${field('from', t('audit.from'), null, '2026-11-29 14:00')}
    ${field('to', t('audit.to'), null, '2026-11-30')}
    <div class="filter-end">
      <button type="submit">${t('audit.apply')}</button>
      <a href="/audit">${t('audit.reset')}</a>
    </div>
  </form>`;
}

function table(words: Words, entries: readonly StoredEntry[]): Html {
  const { t } = words;
  return html`<table class="cards">
    <caption class="visually-hidden">
      ${t('audit.caption')}
    </caption>
    <thead>
      <tr>
        <th scope="col">${t('audit.who')}</th>
        <th scope="col">${t('audit.action')}</th>
        <th scope="col">${t('audit.what')}</th>
        <th scope="col">${t('audit.portal')}</th>
        <th scope="col">${t('audit.count')}</th>
        <th scope="col">${t('audit.when')}</th>
      </tr>
    </thead>
    <tbody>
      ${entries.map((entry) => row(words, entry))}
    </tbody>
  </table>`;
}

function row(words: Words, entry: StoredEntry): Html {
  const { t } = words;
  const cell = (label: string, content: Part, kind = '') =>
    html`<td data-label="${label}" class="${kind}"><span>${content}</span></td>`;
  return html`<tr id="audit-${entry.id}">
    <th scope="row">
      ${
        entry.actor_name === null
          ? kindWords(words, entry.actor_kind)
          : html`<bdi>${entry.actor_name}</bdi>
              <span class="quiet">${kindWords(words, entry.actor_kind)}</span>`
      }
      ${entry.actor_address !== null && html`<span class="quiet"><bdi>${entry.actor_address}</bdi></span>`}
    </th>
    ${cell(t('audit.action'), actionWords(words, entry.action))}
    ${cell(
      t('audit.what'),
      html`<bdi class="reason">${entry.target}</bdi> ${
          entry.detail !== null && html`<span class="quiet"><bdi>${entry.detail}</bdi></span>`
        }`,
      'wide',
    )}
    ${cell(t('audit.portal'), entry.portal ?? html`<span class="quiet">–</span>`)}
    ${cell(t('audit.count'), words.count(entry.count), 'tight')}
    ${cell(t('audit.when'), words.exactTime(entry.at))}
  </tr>`;
}

/** A version to come may know more of them. */
function actionWords({ t }: Words, text: string): string {
  const action = AUDIT_ACTIONS.find((known): known is AuditAction => known === text);
  return action === undefined ? text : t(`audit.did.${action}`);
}

function kindWords({ t }: Words, text: string): string {
  const kind = ACTOR_KINDS.find((known): known is ActorKind => known === text);
  return kind === undefined ? text : t(`audit.actor.${kind}`);
}

function pageLinks({ t }: Words, { query, next, first }: AuditList): Part {
  if (first && next === null) return null;
  return html`<nav class="pages" aria-label="${t('audit.pages')}">
    ${!first && html`<a href="${auditPath(query)}">${t('audit.latest')}</a>`}
    ${next !== null && html`<a href="${auditPath(query, next)}" rel="next">${t('audit.earlier')}</a>`}
  </nav>`;
}
