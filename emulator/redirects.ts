/** Situations in which a portal redirects every request. */
export type RedirectState = 'license-expired' | 'https-only';

export const isRedirectState = (state: unknown): state is RedirectState =>
  state === 'license-expired' || state === 'https-only';

/** Where to. @param asked host and path as they were asked for */
export function redirectTarget(state: RedirectState, asked: { host: string; path: string }): string {
  return state === 'https-only' ? `https://${asked.host}${asked.path}` : '/bitrix/coupon_activation.php';
}
