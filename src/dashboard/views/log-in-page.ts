import { html, type Html } from '../html.js';
import { barePage, type Frame, token } from './layout.js';

/** `/log-in`. @param to where to go afterwards */
export function logInPage(
  frame: Frame,
  options: { to: string; byPassword: boolean; refused: boolean },
): Html {
  const { to, byPassword, refused } = options;
  if (!byPassword) {
    return barePage(
      frame,
      'Log in',
      html`<h1>Log in</h1>
        <p>
          This dashboard is opened by an authenticating proxy, and this request came without its word. Come by
          the proxy's address.
        </p>`,
    );
  }
  return barePage(
    frame,
    'Log in',
    html`<h1>Log in</h1>
      <form method="post" action="/log-in" class="log-in">
        ${token(frame)}
        <input type="hidden" name="to" value="${to}" />
        <input type="text" name="username" value="dashboard" autocomplete="username" hidden />
        <label for="password">Password</label>
        <input
          id="password"
          type="password"
          name="password"
          autocomplete="current-password"
          required
          autofocus
          ${refused && html`aria-invalid="true" aria-describedby="refused"`}
        />
        ${refused && html`<p id="refused" class="bad-text" role="alert">That is not the password.</p>`}
        <button type="submit" class="primary">Log in</button>
        <p class="quiet">The service's setting <code>DASHBOARD_PASSWORD</code>.</p>
      </form>`,
  );
}
