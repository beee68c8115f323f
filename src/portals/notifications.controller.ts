import { type ServerResponse } from 'node:http';
import {
  Body,
  Controller,
  ForbiddenException,
  HttpCode,
  HttpException,
  HttpStatus,
  Inject,
  Post,
  Req,
  Res,
  ServiceUnavailableException,
  UseGuards,
} from '@nestjs/common';
import { type Notification } from './notification.js';
import { UnreadableNotification } from './notification-body.js';
import {
  type NotificationRequest,
  NotificationThrottle,
  accountsOfRequest,
} from './notification-throttle.js';
import { PortalReception } from './reception.js';

/** Seconds after which the sender may try again. */
const RETRY_AFTER_SECONDS = 30;

/**
 * `POST /bitrix24/install` and `POST /bitrix24/events`: what portals send. Both take everything, because an
 * application on a portal has one address for its installation and its events, or two. 200 when believed, 403 when
 * not, 400, 413 or 415 when unreadable, 503 when it cannot be judged just now; the log says which of the reasons it
 * was.
 */
@Controller('bitrix24')
@UseGuards(NotificationThrottle)
export class NotificationsController {
  constructor(@Inject(PortalReception) private readonly reception: PortalReception) {}

  @Post(['install', 'events'])
  @HttpCode(200)
  async receive(
    @Body() body: Notification | UnreadableNotification,
    @Req() request: NotificationRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<{ result: true }> {
    const sender = accountsOfRequest(request);
    if (body instanceof UnreadableNotification) {
      this.reception.unreadable(body.reason, body.answer.getStatus(), sender.address);
      throw body.answer;
    }
    switch (await this.reception.receive(body, sender)) {
      case 'accepted':
        return { result: true };
      case 'refused':
        throw new ForbiddenException();
      case 'throttled':
        response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
        throw new HttpException('Too Many Requests', HttpStatus.TOO_MANY_REQUESTS);
      case 'unavailable':
        response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
        throw new ServiceUnavailableException();
    }
  }
}
