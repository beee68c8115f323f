import { type ServerResponse } from 'node:http';
import {
  Body,
  Controller,
  ForbiddenException,
  HttpCode,
  Inject,
  Ip,
  Post,
  Res,
  ServiceUnavailableException,
  UseGuards,
} from '@nestjs/common';
import { Notification } from './notification.js';
import { NotificationThrottle } from './notification-throttle.js';
import { PortalReception } from './reception.js';

/** Seconds after which a portal, or whoever speaks for it, may try again. */
const RETRY_AFTER_SECONDS = 30;

/**
 * `POST /bitrix24/install` and `POST /bitrix24/events`: what portals send. Both take everything, because an
 * application on a portal has one address for its installation and its events, or two. 200 when believed, 403 when
 * not, 503 when it cannot be judged just now; which of the reasons it was is for the log only.
 */
@Controller('bitrix24')
@UseGuards(NotificationThrottle)
export class NotificationsController {
  constructor(@Inject(PortalReception) private readonly reception: PortalReception) {}

  @Post(['install', 'events'])
  @HttpCode(200)
  async receive(
    @Body() notification: Notification,
    @Ip() from: string,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<{ result: true }> {
    switch (await this.reception.receive(notification, from)) {
      case 'accepted':
        return { result: true };
      case 'refused':
        throw new ForbiddenException();
      case 'unavailable':
        response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
        throw new ServiceUnavailableException();
    }
  }
}
