import { objectTypeNamed, objectTypeOf } from '../contract/object-types.js';
import { WebAddresses } from './setting-rules.js';
import { type Settings } from './settings.js';

/** Faults that only show when two settings are read together; none of a setting that is wrong by itself. */
export function contradictions(settings: Settings, wrong: ReadonlySet<string>): string[] {
  const faults: string[] = [];
  if ((settings.B24_DOMAIN === undefined) !== (settings.B24_REFRESH_TOKEN === undefined)) {
    faults.push('B24_DOMAIN and B24_REFRESH_TOKEN go together: one is set, the other is missing');
  }
  if (
    !wrong.has('DRAIN_MAX_INTERVAL_MS') &&
    !wrong.has('DRAIN_INTERVAL_MS') &&
    settings.DRAIN_MAX_INTERVAL_MS < settings.DRAIN_INTERVAL_MS
  ) {
    faults.push('DRAIN_MAX_INTERVAL_MS must not be less than DRAIN_INTERVAL_MS');
  }
  if (settings.DASHBOARD_PROXY_HEADER !== undefined && (settings.HTTP_TRUSTED_PROXIES ?? []).length === 0) {
    faults.push(
      'DASHBOARD_PROXY_HEADER needs HTTP_TRUSTED_PROXIES: from other senders the header proves nothing',
    );
  }
  if (
    !wrong.has('RETRY_MAX_DELAY_MS') &&
    !wrong.has('RETRY_BASE_DELAY_MS') &&
    settings.RETRY_MAX_DELAY_MS < settings.RETRY_BASE_DELAY_MS
  ) {
    faults.push('RETRY_MAX_DELAY_MS must not be less than RETRY_BASE_DELAY_MS');
  }
  if (!wrong.has('RECONCILE') && !wrong.has('B24_EVENTS')) faults.push(...silentTypes(settings));
  if (settings.STATE_CHANGES === true && !wrong.has('STATE') && (settings.STATE ?? []).length === 0) {
    faults.push('STATE_CHANGES needs STATE: without it no event carries a state');
  }
  faults.push(...authorizationServerFaults(settings));
  return faults;
}

/** Of a kind of objects without an event nothing could be missed. */
function silentTypes({ RECONCILE: words = [], B24_EVENTS: events }: Settings): string[] {
  return words.flatMap((word) => {
    const type = objectTypeNamed(word);
    if (type === null) return [];
    const data = { FIELDS: { ENTITY_TYPE_ID: type.entityTypeId } };
    const told = events.some((event) => objectTypeOf(event, data)?.entityTypeId === type.entityTypeId);
    return told ? [] : [`RECONCILE names ${word}, of which B24_EVENTS has no event`];
  });
}

function authorizationServerFaults({ B24_OAUTH_URL: addresses, B24_ALLOW_HTTP }: Settings): string[] {
  if (!new WebAddresses().validate(addresses)) return [];
  const faults: string[] = [];
  const clear = addresses.filter((address) => new URL(address).protocol === 'http:');
  if (clear.length > 0 && B24_ALLOW_HTTP !== true) {
    const text = `is http:// (${clear.join(', ')}) and B24_ALLOW_HTTP is not true: the secret would travel in clear`;
    faults.push(`B24_OAUTH_URL ${text}`);
  }
  const byHost = new Map<string, string>();
  for (const address of addresses) {
    const { host, href } = new URL(address);
    const other = byHost.get(host);
    const root = href.replace(/\/+$/, '');
    if (other !== undefined && other !== root) {
      faults.push(`B24_OAUTH_URL names ${host} twice: portals tell their authorization server by its host`);
    }
    byHost.set(host, root);
  }
  return faults;
}
