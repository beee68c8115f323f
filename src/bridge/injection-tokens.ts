import { type OAuthClient } from '../bitrix24/oauth-client.js';
import { type PortalEvents } from '../portals/reception.js';
import { type Publisher } from '../broker/publisher.js';
import { type TopologyNames } from '../broker/topology.js';
import { type EventEncoder } from '../contract/event-encoder.js';
import { type EventHooks } from '../contract/event-hooks.js';
import { type Database } from '../database/database.js';
import { type Log } from '../logging/log.js';
import { type Periodic } from '../maintenance/periodic.js';
import { type Replica } from '../replicas/replica.js';
import { type MakeBeside } from '../drain/loop/fleet-dependencies.js';
import { type AnswerMemory } from '../bitrix24/answer-memory.js';
import { type ReconciledTypes } from '../state/reconcile/reconciled-types.js';
import { token } from './provide.js';

export const LOG = token<Log>('Log');
export const HOOKS = token<EventHooks>('EventHooks');
export const NAMES = token<TopologyNames>('TopologyNames');
/** The broker's addresses, in the order in which this process tries them. */
export const BROKER_URLS = token<string[]>('BrokerUrls');
/** Publishes replies that are rejected. */
export const REJECTER = token<Publisher>('Rejecter');
export const ENCODER = token<EventEncoder>('EventEncoder');
export const DATABASE = token<Database>('Database');
/** Waits longer for the authorization server than rounds do. */
export const PATIENT_OAUTH = token<OAuthClient>('PatientOAuthClient');
export const PORTAL_EVENTS = token<PortalEvents>('PortalEvents');
export const REPLICA = token<Replica>('Replica');
/** Which kinds of objects are compared with events. */
export const RECONCILED = token<ReconciledTypes>('ReconciledTypes');

/** Makes what works beside portals' rounds, with the same bound on answers in memory. */
export const BESIDE = token<(answerMemory: AnswerMemory) => MakeBeside>('Beside');
/** What runs again and again. */
export const JOBS = token<readonly Periodic[]>('Jobs');
