import { asLanguage, type Language, LANGUAGES } from '../../i18n/language.js';
import { cookieName, readCookie, writeCookie } from '../session/cookies.js';
import { type DashboardRequest } from '../session/request.js';

const YEAR_SECONDS = 365 * 86_400;

/** The language of an answer: the user's choice, else what the browser asks for, else English. */
export function languageOf(request: DashboardRequest): Language {
  const chosen = readCookie(request.headers.cookie, cookieName('language', request.secure));
  return asLanguage(chosen) ?? asLanguage(request.acceptsLanguages(...LANGUAGES)) ?? 'en';
}

/** The `Set-Cookie` that keeps a choice. */
export function languageCookie(request: DashboardRequest, language: Language): string {
  return writeCookie(cookieName('language', request.secure), language, YEAR_SECONDS, request.secure);
}
