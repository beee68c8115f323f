import { BadRequestException, Get, NotFoundException, Param, Post, Redirect } from '@nestjs/common';
import { reasonOf } from '../../logging/reason.js';
import { REPUBLISHABLE, type RepublishableQueue } from '../../outcomes/republishing.js';
import { MOST_AT_ONCE } from '../../outcomes/republished.js';
import { wordsIn } from '../html/words.js';
import { ObservedService } from '../live/observed-service.js';
import { actorOf } from '../session/actor-of.js';
import { fieldsOf, numberField, textField } from '../session/dashboard-request.js';
import { republishedWords, republishPage } from '../views/republish-page.js';
import { languageOf } from './language-of.js';
import { type HttpContext } from './http-context.js';
import { DashboardController, Http, PostForPage } from './page.decorators.js';
import { PageContextService } from './page-context.service.js';

/** Events in the queues that no consumer has processed, and having them delivered again. */
@DashboardController('queues')
export class QueuesController {
  constructor(
    private readonly service: ObservedService,
    private readonly pages: PageContextService,
  ) {}

  /** A reload of the look, or a link to it: each look counts as a delivery, so it is asked for by a button. */
  @Get(':queue/look')
  @Redirect('/queues', 303)
  leaveLook(): void {
    return;
  }

  @PostForPage(':queue/look', 200)
  async look(@Param('queue') name: string, @Http() http: HttpContext): Promise<string> {
    const queue = queueNamed(name);
    const seen = await this.service.republishing.look(queue);
    return this.pages.show(http, (context, snapshot) => republishPage(context, snapshot, queue, seen));
  }

  @Post(':queue/republish')
  @Redirect('/queues', 303)
  async republish(@Param('queue') name: string, @Http() http: HttpContext): Promise<{ url: string }> {
    const queue = queueNamed(name);
    const fields = fieldsOf(http.request.body);
    const count = numberField(fields, 'count');
    if (count === null || count < 1 || count > MOST_AT_ONCE) throw new BadRequestException();
    const key = fields['key'] === undefined ? null : textField(fields, 'key');
    const words = wordsIn(languageOf(http.request));
    try {
      const done = await this.service.republishing.republish(queue, { key, count }, actorOf(http.request));
      this.pages.tell(http, republishedWords(words, done));
    } catch (error) {
      this.pages.tell(http, words.t('republish.failed', { reason: reasonOf(error) }));
    }
    return { url: `/queues#${queue}` };
  }
}

function queueNamed(name: string): RepublishableQueue {
  const queue = REPUBLISHABLE.find((one) => one === name);
  if (queue === undefined) throw new NotFoundException();
  return queue;
}
