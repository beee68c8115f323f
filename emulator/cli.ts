#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { startEmulator, type EmulatedPortal, type Emulator } from './index.js';
import { LoadGenerator } from './load.js';
import { md5 } from './md5.js';
import { ObjectLoad } from './object-load.js';

const HELP = `A Bitrix24 portal on your laptop.

  --port <n>             port to listen on (4000)
  --host <address>       address to listen on (127.0.0.1)
  --portals <a,b>        names of the portals (acme)
  --client-id <id>       the application's keys (made of the portals' names when left out)
  --client-secret <s>
  --install <url>        installs the application there on every portal, as soon as that answers
  --rate <n>             changes a second on every portal, once their events are bound (0)
  --objects <n>          how many objects change (1000)
  --crm <n>              puts so many leads, deals, contacts and companies into the CRM of every portal; the changes are then
                         theirs, with the events that they raise, and the objects can be read
  --events <A,B>         events they raise (ONCRMDEALADD,ONCRMDEALUPDATE,ONCRMDEALDELETE)
  --eastern <a,b>        portals that belong to a second authorization server, as those of Russia and its neighbours do
  --basic                a plan without reservations
  --redirect <url>       where an administrator's browser ends up who allows the application (https://localhost/)
  --endpoint-style <s>   host (default) = acme.localhost, path = 127.0.0.1/acme, for clients that cannot resolve that
`;

/** Leads, deals, contacts and companies. */
const CRM_TYPES = [1, 2, 3, 4];

const INSTALL_AGAIN_MS = 1000;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4000' },
    host: { type: 'string', default: '127.0.0.1' },
    portals: { type: 'string', default: 'acme' },
    'client-id': { type: 'string' },
    'client-secret': { type: 'string' },
    rate: { type: 'string', default: '0' },
    objects: { type: 'string', default: '1000' },
    crm: { type: 'string', default: '0' },
    events: { type: 'string', default: 'ONCRMDEALADD,ONCRMDEALUPDATE,ONCRMDEALDELETE' },
    eastern: { type: 'string', default: '' },
    basic: { type: 'boolean', default: false },
    install: { type: 'string' },
    redirect: { type: 'string', default: 'https://localhost/' },
    'endpoint-style': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const words = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** By host as a rule: the bridge knows that names under .localhost are this machine even where the system does not. */
function endpointStyle(): 'host' | 'path' {
  const chosen = values['endpoint-style'] ?? 'host';
  if (chosen === 'host' || chosen === 'path') return chosen;
  throw new Error('--endpoint-style is host or path');
}

function printSettings(emulator: Emulator, portals: readonly EmulatedPortal[]): void {
  console.log(`Portals at ${emulator.url}, control API at ${emulator.url}/_control/\n`);
  console.log(`B24_OAUTH_URL=${[...emulator.authorizationServers.values()].map(({ url }) => url).join(',')}`);
  console.log(`B24_CLIENT_ID=${emulator.clientId}`);
  console.log(`B24_CLIENT_SECRET=${emulator.clientSecret}`);
  console.log('B24_ALLOW_HTTP=true');
  for (const [index, portal] of portals.entries()) {
    const prefix = index === 0 ? '' : '# ';
    if (index > 0) console.log(`\n# ${portal.name}:`);
    console.log(`${prefix}B24_DOMAIN=${portal.domain}`);
    console.log(`${prefix}B24_REFRESH_TOKEN=${portal.issueRefreshToken()}`);
  }
  const [first] = portals;
  if (first === undefined) return;
  const control = `${emulator.url}/_control/portals/${first.name}`;
  console.log(`
Or leave B24_DOMAIN and B24_REFRESH_TOKEN out and install it as on a real portal, beside the running service:
  npx bitrix24-bridge portals add http://${first.domain}

Once its events are bound, change a deal there yourself, and look at the portal's own queue (PROCESS_ID: reserved,
ERROR: marked as failed):
  curl -d '{"event":"ONCRMDEALUPDATE","data":{"FIELDS":{"ID":"7"}}}' ${control}/push
  curl ${control}/rows

Or one that its CRM has, and read it:
  curl -d '{"entityTypeId":2,"objects":[{"fields":{"title":"Ten chairs"}}]}' ${control}/add-objects
  curl '${control}/objects?entityTypeId=2'`);
}

/** Fills its CRM; what changes it, or raises bare events, at the rate wanted. */
function loadOf(portal: EmulatedPortal): (LoadGenerator | ObjectLoad)[] {
  const ratePerSecond = Number(values.rate);
  const count = Number(values.crm);
  if (count > 0) for (const type of CRM_TYPES) portal.objects.seed(type, { count });
  if (!(ratePerSecond > 0)) return [];
  if (count > 0) return [new ObjectLoad(portal.objects, { ratePerSecond, entityTypeIds: CRM_TYPES })];
  const events = words(values.events);
  return [new LoadGenerator(portal, { ratePerSecond, objects: Number(values.objects), events })];
}

const madeOf = (what: string, names: readonly string[]): string => md5([what, ...names].join('|'));

/** Does what an administrator does, once somebody is there to be told of it. */
async function installOn(portal: EmulatedPortal, url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { status } = await portal.install(url);
    if (status === 200) {
      console.log(`${portal.name}: the application is installed at ${url}`);
      return;
    }
    if (status !== null) console.log(`${portal.name}: ${url} refuses the installation with ${status}`);
    await pause(INSTALL_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function main(): Promise<void> {
  if (values.help) {
    console.log(HELP);
    return;
  }
  const eastern = words(values.eastern);
  const names = [...new Set([...words(values.portals), ...eastern])];
  const emulator = await startEmulator({
    host: values.host,
    port: Number(values.port),
    endpointStyle: endpointStyle(),
    ...(eastern.length === 0 ? {} : { authorizationServers: ['eastern'] }),
    // Emulated anew, it is the same application on the same portals: whoever knew them knows them again.
    clientId: values['client-id'] || madeOf('client', names).replace(/^(.{14}).*/, 'local.$1.10000001'),
    clientSecret: values['client-secret'] || madeOf('secret', names),
  });
  const portals = names.map((name) =>
    emulator.addPortal({
      name,
      memberId: madeOf('member', [name]),
      extended: !values.basic,
      redirectUrl: values.redirect,
      ...(eastern.includes(name) ? { authorizationServer: 'eastern' } : {}),
    }),
  );
  const loads = portals.flatMap((portal) => loadOf(portal));
  for (const load of loads) load.start();
  printSettings(emulator, portals);
  const stopping = new AbortController();
  const { install } = values;
  if (install !== undefined) for (const portal of portals) void installOn(portal, install, stopping.signal);
  const stop = (): void => {
    stopping.abort();
    for (const load of loads) load.stop();
    void emulator.close().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    console.error('Another program listens there: choose another --port.');
  }
  process.exit(1);
});
