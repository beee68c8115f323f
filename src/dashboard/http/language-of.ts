import { type IncomingMessage } from 'node:http';
import { asLanguage, type Language, languageOfHeader } from '../../i18n/language.js';
import { cookieName, readCookie, writeCookie } from '../session/cookies.js';
import { type DashboardRequest } from '../session/dashboard-request.js';

const YEAR_SECONDS = 365 * 86_400;

/** The language of whoever asks: what they chose, else what the browser asks for, else English. */
export function languageOf({ headers }: Pick<IncomingMessage, 'headers'>): Language {
  // By http or https: of all cookies this one may be anybody's.
  const chosen = [true, false].map((secure) => readCookie(headers.cookie, cookieName('language', secure)));
  return asLanguage(chosen[0] ?? chosen[1]) ?? languageOfHeader(headers['accept-language']);
}

/** The `Set-Cookie` that keeps a choice. */
export function languageCookie(request: DashboardRequest, language: Language): string {
  return writeCookie(cookieName('language', request.secure), language, YEAR_SECONDS, request.secure);
}
