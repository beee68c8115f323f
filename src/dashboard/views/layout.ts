import { type Html, html, type Part } from '../html.js';
import { type Session } from '../sessions.js';
import { sumOf, type Snapshot } from '../snapshot.js';
import { count } from './format.js';

/** What every page is drawn with. */
export interface Frame {
  readonly assets: string;
  readonly session: Session;
  readonly formToken: string;
  /** What was just done, for the person who did it. */
  readonly notice: string | null;
}

export type Room = 'overview' | 'events' | 'queues';

/** A page for whoever is logged in. */
export function page(
  frame: Frame,
  snapshot: Snapshot,
  options: { title: string; room: Room; body: Part; still?: boolean },
): Html {
  const { session, notice } = frame;
  const { title, room, body, still = false } = options;
  const link = (name: Room, path: string, words: Part) =>
    html`<li><a href="${path}" ${room === name && html`aria-current="page"`}>${words}</a></li>`;
  return shell(
    frame,
    title,
    html`<header class="bar">
        <a class="brand" href="/">${logo()}<span>Offline bridge</span></a>
        <nav aria-label="Main">
          <ul>
            ${link('overview', '/', 'Overview')}
            ${link('events', '/events', html`Events${troubleCount(snapshot)}`)}
            ${link('queues', '/queues', 'Queues & health')}
          </ul>
        </nav>
        <div class="bar-end">
          ${health(snapshot)}
          <form method="post" action="/log-out">
            ${token(frame)}${session.user !== null && html`<span class="user">${session.user}</span>`}
            ${session.via === 'password' && html`<button class="plain" type="submit">Log out</button>`}
          </form>
        </div>
      </header>
      <p id="connection" class="banner warn" hidden>Live updates are interrupted; trying again…</p>
      <main id="main" tabindex="-1" ${!still && html`data-watch`}>
        ${notice !== null && html`<p class="banner done" role="status" tabindex="-1" autofocus>${notice}</p>`}
        ${ledgerTrouble(snapshot)} ${body}
      </main>
      <div id="announcer" class="visually-hidden" role="status" aria-live="polite"></div>`,
    snapshot.at,
  );
}

/** A page for anybody: log-in, errors. */
export function barePage(frame: Pick<Frame, 'assets'>, title: string, body: Part): Html {
  return shell(
    frame,
    title,
    html`<main id="main" class="bare" tabindex="-1">
      <p class="brand">${logo()}<span>Offline bridge</span></p>
      ${body}
    </main>`,
    Date.now(),
  );
}

/** The hidden field without which a form is refused. */
export function token({ formToken }: Pick<Frame, 'formToken'>): Html {
  return html`<input type="hidden" name="formToken" value="${formToken}" />`;
}

function shell({ assets }: Pick<Frame, 'assets'>, title: string, body: Html, now: number): Html {
  return html`<!doctype html>
    <html lang="en" data-now="${now}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title} · Offline bridge</title>
        <link rel="icon" href="${assets}/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="${assets}/dashboard.css" />
        <script type="module" src="${assets}/dashboard.js"></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        ${body}
      </body>
    </html>`;
}

function logo(): Html {
  return html`<svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
    <path d="M2 17c4-9 16-9 20 0M2 17v3M22 17v3M7 12.2V20M12 10.3V20M17 12.2V20M1 20h22" />
  </svg>`;
}

function troubleCount(snapshot: Snapshot): Part {
  const dead = sumOf(snapshot.portals, ({ troubles }) => (troubles === null ? null : (troubles.dead ?? 0)));
  return html`<span id="nav-dead" data-live
    >${
      dead !== null &&
      dead > 0 &&
      html`<span class="pill bad">${count(dead)}<span class="visually-hidden"> dead</span></span>`
    }</span
  >`;
}

function health({ conditions }: Snapshot): Html {
  return html`<a id="health" class="health" href="/queues" data-live>
    ${conditions.map(
      ({ name, up }) =>
        html`<span class="condition ${up ? 'good' : 'bad'}"
          ><span class="dot" aria-hidden="true"></span>${name}
          <span class="${up ? 'visually-hidden' : ''}">${up ? 'up' : 'down'}</span></span
        >`,
    )}
  </a>`;
}

function ledgerTrouble({ ledgerFailure }: Snapshot): Html {
  return html`<div id="ledger-trouble" data-live>
    ${
      ledgerFailure !== null &&
      html`<p class="banner bad">
        The ledger cannot be read, so counts are unknown: <bdi>${ledgerFailure}</bdi>
      </p>`
    }
  </div>`;
}
