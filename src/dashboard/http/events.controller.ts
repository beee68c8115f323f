import { BadRequestException, Get, NotFoundException, Param, Post, Query, Redirect } from '@nestjs/common';
import { actorWords } from '../../audit/actor.js';
import { messageOf } from '../../events/event-message.js';
import { foundLink, objectLink } from '../../events/object-link.js';
import { readReference } from '../../events/event-reference.js';
import { Phrase } from '../../i18n/translate.js';
import { type Timeline } from '../../events/search/timeline.js';
import { actorOf } from '../session/actor-of.js';
import { type ActionName, EventActions } from '../events/event-actions.js';
import { readEventList } from '../events/event-list.js';
import { filterOf, readChoice, readTroubleQuery, readPageMark } from '../events/trouble-query.js';
import { notDone } from '../events/not-done.js';
import { ObservedService } from '../live/observed-service.js';
import { heldRows } from '../session/held-rows.js';
import { ownPath } from '../session/own-path.js';
import { type Fields, fieldsOf, numberField, textField } from '../session/dashboard-request.js';
import { confirmPage } from '../views/confirm-page.js';
import { eventPage } from '../views/event-page.js';
import { EVENT_ROWS, eventsPage, idOf } from '../views/events-page.js';
import { pastEventPage } from '../views/past-event-page.js';
import { taskList } from '../views/tasks.js';
import { type HttpContext } from './http-context.js';
import { DashboardController, Http, Page, PostForPage } from './page.decorators.js';
import { PageContextService } from './page-context.service.js';

const TASKS_SHOWN = 20;
/** What has ended is shown beside the list for so long. */
const TASKS_SHOWN_MS = 30 * 60_000;

/** Events that went wrong, and what people do about them. */
@DashboardController('events')
export class EventsController {
  constructor(
    private readonly service: ObservedService,
    private readonly actions: EventActions,
    private readonly pages: PageContextService,
  ) {}

  @Page()
  async list(@Query() fields: Fields, @Http() http: HttpContext): Promise<string> {
    const { admin, registry, settings } = this.service;
    const query = readTroubleQuery(fields);
    const named = await this.eventNamed(query.text);
    if (named !== null) {
      http.response.statusCode = 303;
      http.response.setHeader('Location', `/events/${encodeURIComponent(named)}`);
      return '';
    }
    const [list, tasks] = await Promise.all([
      readEventList(
        admin,
        query,
        filterOf(query, registry),
        readPageMark(fields),
        heldRows(http.request, EVENT_ROWS),
        settings.RETRY_MAX_ATTEMPTS,
      ),
      this.service.tasks.list(TASKS_SHOWN),
    ]);
    const lately = Date.now() - TASKS_SHOWN_MS;
    const shown = tasks.filter(({ finishedAt }) => finishedAt === null || finishedAt > lately);
    const perSecond = settings.RETRY_BY_HAND_PER_SECOND;
    return this.pages.show(http, (context, snapshot) =>
      eventsPage(context, snapshot, list, taskList(context, shown, perSecond, snapshot.at)),
    );
  }

  /** Ends what is done to many events before its time. */
  @Post('tasks/:id/stop')
  @Redirect('/events', 303)
  async stop(@Param('id') id: string, @Http() http: HttpContext): Promise<{ url: string }> {
    try {
      const stopped = await this.service.tasks.stop(id, actorWords(actorOf(http.request)));
      this.pages.tell(http, Phrase.of(stopped ? 'tasks.stoppedNow' : 'tasks.over'));
    } catch (error) {
      this.pages.tellNotDone(http, notDone(error));
    }
    return { url: ownPath(textField(fieldsOf(http.request.body), 'back')) };
  }

  /** By event id, which the next delivery of the event has, too; or by the number of one delivery. */
  @Page(':event')
  async show(
    @Param('event') text: string,
    @Query() fields: Fields,
    @Http() http: HttpContext,
  ): Promise<string> {
    const { admin, registry, search, settings } = this.service;
    const reference = readReference(text);
    const found = reference === null ? [] : await admin.find(reference);
    const wanted = numberField(fields, 'delivery');
    const record = found.find(({ seq }) => seq === wanted) ?? found[0];
    const timeline = await search.timeline(record === undefined ? text : idOf(record));
    if (record === undefined) return this.showPast(http, timeline);
    const portal = registry.get(record.member_id);
    const details = {
      record,
      timeline,
      message: messageOf(record, portal),
      portal: portal?.name ?? null,
      maxAttempts: settings.RETRY_MAX_ATTEMPTS,
      link: objectLink(record, portal),
    };
    return this.pages.show(http, (context, snapshot) => eventPage(context, snapshot, details));
  }

  private showPast(http: HttpContext, timeline: Timeline | null): Promise<string> {
    const { registry, settings } = this.service;
    if (timeline === null) throw new NotFoundException();
    const portal = registry.get(timeline.memberId);
    const past = {
      timeline,
      portalKnown: portal !== undefined,
      link: foundLink(timeline, portal),
      days: settings.HISTORY_DAYS,
    };
    return this.pages.show(http, (context, snapshot) => pastEventPage(context, snapshot, past));
  }

  /** The question was reloaded, or came by a link: its form is lost, so back to the list. */
  @Get('confirm/:action')
  @Redirect('/events', 303)
  leaveQuestion(): void {
    return;
  }

  @PostForPage('confirm/:action', 200)
  async confirm(@Param('action') name: string, @Http() http: HttpContext): Promise<string> {
    const action = actionNamed(name);
    const fields = fieldsOf(http.request.body);
    const choice = readChoice(fields);
    const preview = await this.actions.preview(action, choice);
    const back = ownPath(textField(fields, 'back'));
    return this.pages.show(http, (context, snapshot) =>
      confirmPage(context, snapshot, { action, choice, preview, back }),
    );
  }

  @Post(':action')
  @Redirect('/events', 303)
  async act(@Param('action') name: string, @Http() http: HttpContext): Promise<{ url: string }> {
    const fields = fieldsOf(http.request.body);
    const choice = readChoice(fields);
    const action = actionNamed(name);
    try {
      const by = actorOf(http.request);
      const done = await (action === 'retry'
        ? this.actions.retry(choice, by)
        : this.actions.discard(choice, by));
      this.pages.tell(http, ...done);
    } catch (error) {
      this.pages.tellNotDone(http, notDone(error));
    }
    return { url: ownPath(textField(fields, 'back')) };
  }

  /** The event that a search text names outright, whatever became of it. */
  private async eventNamed(text: string): Promise<string | null> {
    const reference = readReference(text);
    // A bare number may also be the id of an object or a row.
    if (reference === null || 'seq' in reference) return null;
    const [record] = await this.service.admin.find(reference);
    return record === undefined ? null : text;
  }
}

function actionNamed(name: string): ActionName {
  if (name !== 'retry' && name !== 'discard') throw new BadRequestException();
  return name;
}
