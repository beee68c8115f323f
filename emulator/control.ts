import { type IncomingMessage, type ServerResponse } from 'node:http';
import { readBody, send, type HttpAnswer } from './http-answer.js';
import {
  asObject,
  booleanField,
  ControlError,
  faultField,
  limitsField,
  numberField,
  portalField,
  changeField,
  stateField,
  textField,
  timestampsField,
  userField,
  type Fields,
} from './control-fields.js';
import { type Emulator } from './emulator.js';
import { LoadGenerator } from './load.js';
import { ObjectControl } from './object-control.js';
import { type Row } from './offline-row.js';
import { type EmulatedPortal } from './portal.js';

const ROW_STATES: Record<string, (row: Row) => boolean> = {
  all: () => true,
  pending: (row) => row.PROCESS_ID === '' && row.ERROR === 0,
  held: (row) => row.PROCESS_ID !== '',
  error: (row) => row.ERROR === 1,
};

/** Everything a test can do to an emulator in its own process, over HTTP under `/_control/`. */
export class ControlApi {
  private readonly loads = new Map<string, LoadGenerator>();
  private readonly objects = new ObjectControl();

  constructor(private readonly emulator: Emulator) {}

  close(): void {
    for (const load of this.loads.values()) load.stop();
    this.loads.clear();
    this.objects.close();
  }

  async handle(
    request: IncomingMessage,
    path: string,
    query: URLSearchParams,
    response: ServerResponse,
  ): Promise<void> {
    try {
      const body = await readBody(request);
      const fields = asObject(body === '' ? {} : JSON.parse(body));
      const [, , , name, action = ''] = path.split('/');
      const verb = request.method ?? 'GET';
      const answer = name
        ? await this.portalCall(verb, this.portalNamed(name), action, query, fields)
        : this.emulatorCall(verb, path.replace(/\/$/, ''), fields);
      send(response, answer);
    } catch (error) {
      const status = error instanceof ControlError ? error.status : 400;
      send(response, { status, body: { error: error instanceof Error ? error.message : String(error) } });
    }
  }

  private emulatorCall(verb: string, path: string, fields: Fields): HttpAnswer {
    switch (`${verb} ${path}`) {
      case 'GET /_control':
      case 'GET /_control/portals':
        return ok({
          oauthUrl: this.emulator.publicUrl,
          oauthUrls: [...this.emulator.authorizationServers.values()].map(({ url }) => url),
          clientId: this.emulator.clientId,
          portals: this.emulator.portals().map(describe),
        });
      case 'POST /_control/portals':
        return { status: 201, body: describe(this.emulator.addPortal(portalField(fields))) };
      case 'POST /_control/faults':
        this.emulator.faults.inject(faultField(fields));
        return ok(true);
      case 'DELETE /_control/faults':
        this.emulator.faults.clear();
        return ok(true);
      default:
        throw new ControlError(404, `No such control call: ${verb} ${path}`);
    }
  }

  private portalCall(
    verb: string,
    portal: EmulatedPortal,
    action: string,
    query: URLSearchParams,
    fields: Fields,
  ): HttpAnswer | Promise<HttpAnswer> {
    const call = `${verb} ${action}`;
    const answer =
      this.read(call, portal, query) ??
      this.objects.handle(call, portal, query, fields) ??
      this.act(call, portal, fields);
    if (!answer) throw new ControlError(404, `No such control call: ${call}`);
    return answer;
  }

  private read(call: string, portal: EmulatedPortal, query: URLSearchParams): HttpAnswer | null {
    switch (call) {
      case 'GET ':
        return ok(describe(portal));
      case 'GET rows': {
        const accepts = ROW_STATES[query.get('state') ?? 'all'];
        if (!accepts) throw new ControlError(400, `state is one of ${Object.keys(ROW_STATES).join(', ')}`);
        const rows = portal.rows().filter(accepts);
        const limit = Number(query.get('limit') ?? rows.length);
        return ok({ total: rows.length, rows: rows.slice(0, limit) });
      }
      case 'GET counters':
        return ok(portal.counters);
      case 'GET destroyed':
        return ok(portal.destroyed);
      case 'GET journal':
        return ok(portal.queue.journal);
      case 'GET bindings':
        return ok(portal.bindings());
      case 'GET notifications':
        return ok(portal.notifications);
      case 'GET load':
        return ok(this.loads.get(portal.name)?.counts ?? null);
      default:
        return null;
    }
  }

  private act(call: string, portal: EmulatedPortal, fields: Fields): HttpAnswer | Promise<HttpAnswer> | null {
    switch (call) {
      case 'POST push': {
        const changes = Array.isArray(fields['changes']) ? fields['changes'] : [fields];
        return ok(changes.map((change) => portal.push(changeField(asObject(change)))));
      }
      case 'POST load':
        this.startLoad(portal, fields);
        return ok(true);
      case 'DELETE load':
        this.loads.get(portal.name)?.stop();
        return ok(this.loads.get(portal.name)?.counts ?? null);
      case 'POST faults':
        portal.inject(faultField(fields));
        return ok(true);
      case 'DELETE faults':
        portal.faults.clear();
        return ok(true);
      case 'POST features':
        portal.setFeatures({
          ...('extended' in fields ? { extended: booleanField(fields, 'extended') } : {}),
          ...('connector' in fields ? { connector: booleanField(fields, 'connector') } : {}),
          ...('answer' in fields ? { answer: fields['answer'] ?? undefined } : {}),
        });
        return ok(portal.getFeatures());
      case 'POST finish-installation':
        portal.finishInstallation();
        return ok(true);
      case 'POST open-interface':
        return portal.openInterface(textField(fields, 'handler'), userField(fields)).then(ok);
      case 'POST state':
        portal.setState(stateField(fields));
        return ok(true);
      case 'POST limits':
        portal.setLimits(limitsField(fields));
        return ok(true);
      case 'POST administrator':
        portal.setAdministrator(booleanField(fields, 'administrator'), userField(fields));
        return ok(true);
      case 'POST users':
        return ok({ userId: portal.addUser({ administrator: booleanField(fields, 'administrator') }) });
      case 'POST bind':
        portal.bind(textField(fields, 'event'), 'connector' in fields ? textField(fields, 'connector') : '');
        return ok(portal.bindings());
      case 'POST expire-tokens':
        portal.expireAccessTokens();
        return ok(true);
      case 'POST refuse-tokens':
        portal.refuseAccessTokens('code' in fields ? textField(fields, 'code') : undefined);
        return ok(true);
      case 'POST revoke':
        portal.revoke();
        return ok(true);
      case 'POST refresh-token':
        return ok({ refreshToken: portal.issueRefreshToken(userField(fields)) });
      case 'POST access-token':
        return ok({ accessToken: portal.issueAccessToken(userField(fields)) });
      case 'POST other-application':
        return ok({
          accessToken: portal.accessTokenOfOther(
            ...('clientId' in fields ? [textField(fields, 'clientId')] : []),
          ),
        });
      case 'POST install':
        return portal.install(textField(fields, 'handler'), userField(fields)).then(ok);
      case 'POST uninstall':
        return portal.uninstall(textField(fields, 'handler')).then(ok);
      case 'POST timestamps':
        portal.printTimestamps(timestampsField(fields));
        return ok(true);
      case 'POST cleanup':
        return ok({ deleted: portal.queue.runCleanupAgent() });
      default:
        return null;
    }
  }

  private startLoad(portal: EmulatedPortal, fields: Fields): void {
    const { events } = fields;
    if (!Array.isArray(events) || !events.every((event) => typeof event === 'string')) {
      throw new ControlError(400, 'events must be a list of texts');
    }
    this.loads.get(portal.name)?.stop();
    const load = new LoadGenerator(portal, {
      ratePerSecond: numberField(fields, 'ratePerSecond'),
      objects: numberField(fields, 'objects'),
      events,
      ...('connector' in fields ? { connector: textField(fields, 'connector') } : {}),
      ...('force' in fields ? { force: booleanField(fields, 'force') } : {}),
    });
    this.loads.set(portal.name, load);
    load.start();
  }

  private portalNamed(name: string): EmulatedPortal {
    const portal = this.emulator.findPortal(name);
    if (!portal) throw new ControlError(404, `There is no portal ${name}`);
    return portal;
  }
}

const ok = (body: unknown): HttpAnswer => ({ status: 200, body });

function describe(portal: EmulatedPortal): Record<string, unknown> {
  const { name, memberId, domain, clientEndpoint, webhookEndpoint, applicationToken } = portal;
  return {
    name,
    memberId,
    domain,
    clientEndpoint,
    webhookEndpoint,
    applicationToken,
    features: portal.getFeatures(),
    installed: portal.installed,
    rows: portal.queue.size,
    destroyed: portal.destroyed.length,
    requests: portal.counters.requests,
  };
}
