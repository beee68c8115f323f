import { html, type Html } from '../html/html.js';
import { type Snapshot } from '../live/snapshot.js';
import { type PageContext, page } from './layout.js';
import { type Dependency, reasonIn, troubles } from './trouble-banner.js';

/** `/help/broker` and `/help/database`: the runbook in short, from the service itself, since other pages may be away too. */
export function helpPage(context: PageContext, snapshot: Snapshot, name: Dependency): Html {
  const { words } = context;
  const { t, h } = words;
  const setting = (text: string) => html`<code>${text}</code>`;
  const wal = html`<code>-wal</code>`;
  const trouble = troubles(snapshot).find((one) => one.name === name);
  const steps =
    name === 'broker'
      ? [
          h('help.broker1', { setting: setting('RABBITMQ_URL') }),
          h('help.broker2', { setting: setting('RABBITMQ_URL') }),
          t('help.broker3'),
          t('help.broker4'),
          h('help.broker5', { setting: setting('AMQP_PREFIX') }),
        ]
      : [
          h('help.database1', { wal }),
          t('help.database2'),
          t('help.database3'),
          h('help.database4', { setting: setting('DATABASE_URL') }),
          h('help.database5', { wal }),
        ];
  const section = name === 'broker' ? 'bridgebrokerunreachable' : 'bridgeledgerfailing';
  const title = t(name === 'broker' ? 'help.brokerTitle' : 'help.databaseTitle');
  return page(context, snapshot, {
    title,
    room: 'queues',
    body: html`<h1>${title}</h1>
      <div id="help-now" data-live>
        <h2>${t('help.now')}</h2>
        <p>${trouble === undefined ? t('help.works') : html`<bdi>${reasonIn(words, trouble)}</bdi>`}</p>
      </div>
      <ol class="steps">
        ${steps.map((step) => html`<li>${step}</li>`)}
      </ol>
      <p>
        ${h('help.more', {
          command: html`<code>bitrix24-bridge doctor</code>`,
          page: html`<code>docs/operations/runbooks.md#${section}</code>`,
        })}
      </p>`,
  });
}
