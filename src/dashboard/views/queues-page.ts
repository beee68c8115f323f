import { type TopologyNames } from '../../broker/topology.js';
import { type UnroutedSight } from '../../broker/unrouted-keys.js';
import { type Rejection } from '../../monitoring/activity.js';
import { html, type Html, type Part } from '../html.js';
import { type Snapshot } from '../snapshot.js';
import { count, moment } from './format.js';
import { type Frame, page } from './layout.js';

/** `/queues`: what lies on the broker for people to see, and whether broker and database can be reached. */
export function queuesPage(
  frame: Frame,
  snapshot: Snapshot,
  names: TopologyNames,
  unrouted: UnroutedSight,
  rejections: readonly Rejection[],
): Html {
  const { conditions, depths, at } = snapshot;
  const queue = (id: keyof typeof depths, words: string, meaning: Part, more: Part = null) =>
    html`<section
      id="${id}"
      class="card ${id !== 'replies' && (depths[id] ?? 0) > 0 ? 'attention' : ''}"
      aria-labelledby="${id}-title"
    >
      <h3 id="${id}-title">${words} <span class="figure">${count(depths[id])}</span></h3>
      <p class="quiet"><code>${names[id]}</code></p>
      <p>${meaning}</p>
      ${more}
    </section>`;
  return page(frame, snapshot, {
    title: 'Queues and health',
    room: 'queues',
    body: html`<h1>Queues and health</h1>
      <section aria-labelledby="health-title">
        <h2 id="health-title">Health</h2>
        <ul
          id="conditions"
          class="conditions"
          data-live
          data-summary="${conditions.map(({ name, up }) => `${name} ${up ? 'up' : 'down'}`).join(', ')}"
        >
          ${conditions.map(
            ({ name, up, reason }) =>
              html`<li class="card ${up ? '' : 'attention'}">
                <h3>
                  ${name}
                  <span class="badge ${up ? 'good' : 'bad'}"
                    ><span class="dot" aria-hidden="true"></span>${up ? 'up' : 'down'}</span
                  >
                </h3>
                ${reason !== null && html`<p><bdi>${reason}</bdi></p>`}
              </li>`,
          )}
        </ul>
      </section>
      <section aria-labelledby="queues-title">
        <h2 id="queues-title">Queues</h2>
        <div id="queues" class="cards-grid" data-live>
          ${queue(
            'unrouted',
            'Unrouted',
            'Events for whose routing key no queue was bound. They count as delivered; nobody has got them. Bind a queue to their keys, then move them there with RabbitMQ’s own tools (a shovel).',
            keyList(unrouted, at),
          )}
          ${queue(
            'rejected',
            'Rejected replies',
            'Replies of consumers that could not be understood, untouched, with the reason in the header x-bridge-error. What they wanted to say has had no effect.',
            rejectionList(rejections, at),
          )}
          ${queue(
            'dead',
            'Dead letters',
            html`Events whose attempts are used up, with the reason in the header x-bridge-reason. Retry or
              discard them under <a href="/events?state=dead">Events</a>; the letters here are copies for
              whoever wants to consume them.`,
          )}
          ${queue(
            'replies',
            'Replies',
            'Reports of consumers on their way into the ledger. They pile up only while the database cannot be written.',
          )}
        </div>
      </section>`,
  });
}

/** A list longer than this says no more than its beginning. */
const KEYS_SHOWN = 20;

function keyList({ keys, blind }: UnroutedSight, now: number): Part {
  const more = keys.length - KEYS_SHOWN;
  return html`${
    keys.length === 0
      ? html`<p class="quiet">None was seen by this process since it started.</p>`
      : html`<h4>Their routing keys</h4>
          <ul class="keys">
            ${keys.slice(0, KEYS_SHOWN).map(
              ({ key, count: events, lastAt }) =>
                html`<li>
                  <code>${key}</code>
                  <span><b>${count(events)}</b> <span class="quiet">last ${moment(lastAt, now)}</span></span>
                </li>`,
            )}
          </ul>
          <p class="quiet">
            ${more > 0 && `And ${count(more)} others. `}Seen by this process since it started.
          </p>`
  }${blind !== null && html`<p class="quiet">Not watched at present: <bdi>${blind}</bdi></p>`}`;
}

function rejectionList(rejections: readonly Rejection[], now: number): Part {
  if (rejections.length === 0) {
    return html`<p class="quiet">None were rejected by this process since it started.</p>`;
  }
  return html`<h4>The last ones</h4>
    <ul class="rejections">
      ${rejections.map(
        ({ at, reason, excerpt }) =>
          html`<li>
            ${moment(at, now)} <bdi class="reason">${reason}</bdi>
            <code class="excerpt"><bdi>${excerpt}</bdi></code>
          </li>`,
      )}
    </ul>`;
}
