import { countedStates } from '../../events/counted-states.js';
import { type BulkTask, remainingOf } from '../../ledger/bulk-task.js';
import { html, type Html, type Part } from '../html/html.js';
import { type Words } from '../html/words.js';
import { type PageContext, token } from './layout.js';

/** What is being done to many events, and what lately was: how far it is, and how it ended. */
export function taskList(
  context: PageContext,
  tasks: readonly BulkTask[],
  perSecond: number,
  now: number,
): Html {
  const { t } = context.words;
  return html`<div id="tasks" data-live>
    ${
      tasks.length > 0 &&
      html`<section aria-labelledby="tasks-title">
        <h2 id="tasks-title">${t('tasks.title')}</h2>
        <ul class="tasks card">
          ${tasks.map((task) => item(context, task, perSecond, now))}
        </ul>
      </section>`
    }
  </div>`;
}

function item(context: PageContext, task: BulkTask, perSecond: number, now: number): Html {
  const { words } = context;
  const { t, h, ago } = words;
  const title = t(task.action === 'retry' ? 'tasks.retry' : 'tasks.discard', { total: task.total });
  const turned = task.total - remainingOf(task);
  return html`<li id="task-${task.id}">
    <div>
      <b>${title}</b>
      <span class="quiet"
        >${h('tasks.by', { name: html`<bdi>${task.by}</bdi>`, when: ago(task.createdAt, now) })}</span
      >
      ${task.label !== '' && html`<bdi class="reason">${task.label.slice(0, 300)}</bdi>`}
    </div>
    <div>
      <progress max="${task.total}" value="${turned}" aria-label="${title}"></progress>
      <span>${counts(words, task, perSecond, now)}</span>
    </div>
    ${
      task.finishedAt === null &&
      html`<form method="post" action="/events/tasks/${task.id}/stop">
        ${token(context)}<input type="hidden" name="back" value="${context.path}" />
        <button type="submit">${t('tasks.stop')}<span class="visually-hidden"> ${title}</span></button>
      </form>`
    }
  </li>`;
}

function counts(words: Words, task: BulkTask, perSecond: number, now: number): Part {
  const { t, h, say, count, ago } = words;
  const states = countedStates(task.left);
  const remaining = remainingOf(task);
  const parts: Part[] = [t('tasks.done', { count: count(task.done) })];
  if (states.length > 0) parts.push(t('tasks.left', { states: states.map(say).join(', ') }));
  if (task.gone > 0) parts.push(t('tasks.gone', { count: count(task.gone) }));
  if (task.stoppedBy !== null) {
    parts.push(h('tasks.stopped', { name: html`<bdi>${task.stoppedBy}</bdi>`, count: count(remaining) }));
  } else if (task.finishedAt !== null) {
    parts.push(h('tasks.finished', { when: ago(task.finishedAt, now) }));
  } else if (task.action === 'retry') {
    parts.push(t('tasks.remaining', { count: count(remaining), perSecond: count(perSecond) }));
  } else parts.push(t('tasks.toGo', { count: count(remaining) }));
  return parts.map((part, index) => (index === 0 ? part : html`, ${part}`));
}
