import { type Settings } from './settings.js';

/** Whether the dashboard is served at all. */
export function isDashboardOpen(
  settings: Pick<Settings, 'DASHBOARD_PASSWORD' | 'DASHBOARD_PROXY_HEADER'>,
): boolean {
  return settings.DASHBOARD_PASSWORD !== undefined || settings.DASHBOARD_PROXY_HEADER !== undefined;
}
