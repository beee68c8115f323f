import { Body, Get, Param } from '@nestjs/common';
import { SnapshotDesk, SnapshotRefused } from '../../events/snapshots/snapshot-desk.js';
import { SnapshotWordsUnclear } from '../../events/snapshots/snapshot-wanted.js';
import { type SnapshotRecord } from '../../ledger/snapshots/snapshot-record.js';
import { type Steering } from '../../ledger/snapshots/steer-snapshot.js';
import { type Portal } from '../../portals/portal-record.js';
import { PortalRegistry } from '../../portals/registry.js';
import { actorOf, type ApiRequest } from '../access/api-request.js';
import { Answers, ApiResource, Operates, Request } from '../http/api.decorators.js';
import { Problem } from '../http/problem.js';
import { SnapshotBody, SnapshotListView, SnapshotView, viewSnapshot } from './snapshot-view.js';

const WHICH = "a portal's snapshot: the last one";

/** All that a portal has of some types, as events. */
@ApiResource('portals/:portal/snapshots', 'snapshots')
export class SnapshotsController {
  constructor(
    private readonly registry: PortalRegistry,
    private readonly desk: SnapshotDesk,
  ) {}

  @Get()
  @Answers('Snapshots of a portal, and how far they are', 'listSnapshots', SnapshotListView, {
    problems: ['not-found'],
  })
  async list(@Param('portal') word: string): Promise<SnapshotListView> {
    const portal = this.portal(word);
    const snapshots = await this.desk.list(portal.memberId);
    return { items: snapshots.map((snapshot) => viewSnapshot(snapshot, portal.name)) };
  }

  @Operates(
    '',
    'Read all objects of some types, and publish each as an event',
    'startSnapshot',
    SnapshotView,
    {
      problems: ['not-found'],
      status: 201,
      description: 'There is one at a time of a portal.',
    },
  )
  async start(
    @Param('portal') word: string,
    @Body() body: SnapshotBody,
    @Request() request: ApiRequest,
  ): Promise<SnapshotView> {
    const portal = this.portal(word);
    return answered(portal, this.desk.start(portal, body, actorOf(request)));
  }

  @Operates('pause', `Pause ${WHICH}`, 'pauseSnapshot', SnapshotView, { problems: ['not-found'] })
  pause(@Param('portal') word: string, @Request() request: ApiRequest): Promise<SnapshotView> {
    return this.steer(word, 'pause', request);
  }

  @Operates('resume', `Resume ${WHICH}, also where it has failed`, 'resumeSnapshot', SnapshotView, {
    problems: ['not-found'],
  })
  resume(@Param('portal') word: string, @Request() request: ApiRequest): Promise<SnapshotView> {
    return this.steer(word, 'resume', request);
  }

  @Operates('cancel', `Cancel ${WHICH}`, 'cancelSnapshot', SnapshotView, { problems: ['not-found'] })
  cancel(@Param('portal') word: string, @Request() request: ApiRequest): Promise<SnapshotView> {
    return this.steer(word, 'cancel', request);
  }

  private steer(word: string, steering: Steering, request: ApiRequest): Promise<SnapshotView> {
    const portal = this.portal(word);
    return answered(portal, this.desk.steer(portal, steering, actorOf(request)));
  }

  private portal(word: string): Portal {
    const found = this.registry.meant(word);
    if (found === undefined) throw new Problem('not-found', `no portal ${word.slice(0, 300)} is installed`);
    return found;
  }
}

/** @throws {Problem} where people have asked for what cannot be */
async function answered({ name }: Portal, work: Promise<SnapshotRecord>): Promise<SnapshotView> {
  try {
    return viewSnapshot(await work, name);
  } catch (error) {
    if (error instanceof SnapshotWordsUnclear) throw new Problem('invalid-request', error.message);
    if (error instanceof SnapshotRefused) throw new Problem('conflict', error.message);
    throw error;
  }
}
