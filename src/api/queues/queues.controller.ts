import { Body, Get, Param } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import {
  NotOurPrefix,
  REPUBLISHABLE,
  type RepublishableQueue,
  Republishing,
} from '../../outcomes/republishing.js';
import { actorOf, type ApiRequest } from '../access/api-request.js';
import { Answers, ApiResource, Operates, Request } from '../http/api.decorators.js';
import { Problem } from '../http/problem.js';
import { QueueLookView, QueuesView, RepublishBody, RepublishedView } from './queue-view.js';
import { Queues } from './queues.js';

/** Events at RabbitMQ that no consumer has processed, and having them delivered again. */
@ApiResource('queues', 'queues')
export class QueuesController {
  constructor(
    private readonly queues: Queues,
    private readonly republishing: Republishing,
  ) {}

  @Get()
  @Answers('How many messages lie in the queues of the bridge', 'listQueues', QueuesView)
  async depths(): Promise<QueuesView> {
    return { items: await this.queues.read() };
  }

  @Operates(':queue/look', 'What lies in a queue, by routing key', 'lookIntoQueue', QueueLookView, {
    problems: ['not-found'],
    description: 'Everything stays in its place, but each look counts as a delivery of what it saw.',
  })
  @ApiParam({ name: 'queue', enum: REPUBLISHABLE })
  async look(@Param('queue') name: string): Promise<QueueLookView> {
    const { keys, seen, there, worn } = await ours(this.republishing.look(queueNamed(name)));
    return { keys: [...keys], seen, there, worn };
  }

  @Operates(
    ':queue/republish',
    'Have events delivered again that lie in a queue, oldest first',
    'republish',
    RepublishedView,
    {
      problems: ['not-found'],
      description:
        'Unrouted ones under the key that they had, dead ones as retries by hand. An event may come twice, and none is lost. Where it fails half-way, what was done is done.',
    },
  )
  @ApiParam({ name: 'queue', enum: REPUBLISHABLE })
  async republish(
    @Param('queue') name: string,
    @Body() { key, count }: RepublishBody,
    @Request() request: ApiRequest,
  ): Promise<RepublishedView> {
    const order = { key: key ?? null, count };
    return ours(this.republishing.republish(queueNamed(name), order, actorOf(request)));
  }
}

/** @throws {Problem} */
function queueNamed(name: string): RepublishableQueue {
  const queue = REPUBLISHABLE.find((one) => one === name);
  if (queue === undefined)
    throw new Problem('not-found', `events are republished from ${REPUBLISHABLE.join(' and ')}`);
  return queue;
}

async function ours<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof NotOurPrefix ? new Problem('conflict', error.message) : error;
  }
}
