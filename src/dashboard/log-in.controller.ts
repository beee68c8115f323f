import { type ServerResponse } from 'node:http';
import {
  Controller,
  Get,
  Header,
  HttpCode,
  Inject,
  Ip,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { Access } from './access.js';
import { cookieName, writeCookie } from './cookies.js';
import { DashboardLog } from './dashboard-log.js';
import { Door, OpenToAll, sessionOf } from './door.js';
import { Failures } from './failures.js';
import { Frames } from './frames.js';
import { LogInThrottle } from './log-in-throttle.js';
import { ownPath } from './own-path.js';
import { type DashboardRequest, type Fields, fieldsOf, textField } from './request.js';
import { logInPage } from './views/log-in-page.js';

/** `/log-in` and `/log-out`. */
@Controller()
@UseFilters(Failures)
export class LogInController {
  constructor(
    @Inject(Access) private readonly access: Access,
    @Inject(Frames) private readonly frames: Frames,
    @Inject(DashboardLog) private readonly log: DashboardLog,
  ) {}

  @Get('log-in')
  @UseGuards(Door)
  @OpenToAll()
  @Header('Content-Type', 'text/html; charset=utf-8')
  show(
    @Query() query: Fields,
    @Req() request: DashboardRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): string {
    return this.page(request, response, ownPath(textField(query, 'to')), false);
  }

  @Post('log-in')
  @UseGuards(LogInThrottle, Door)
  @OpenToAll()
  @HttpCode(403)
  @Header('Content-Type', 'text/html; charset=utf-8')
  logIn(
    @Req() request: DashboardRequest,
    @Ip() from: string,
    @Res({ passthrough: true }) response: ServerResponse,
  ): string {
    const fields = fieldsOf(request.body);
    const to = ownPath(textField(fields, 'to'));
    // As it was typed: a password may begin or end with a space.
    if (!this.access.isPassword(fields['password'])) {
      this.log.warn({ event: 'dashboard.log_in_refused', from });
      return this.page(request, response, to, true);
    }
    this.log.info({ event: 'dashboard.logged_in', from });
    const { sessions } = this.access;
    sessions.end(sessionOf(request));
    response.setHeader('Set-Cookie', sessions.cookie(sessions.begin('password'), request.secure));
    response.statusCode = 303;
    response.setHeader('Location', to);
    return '';
  }

  @Post('log-out')
  @UseGuards(Door)
  @Redirect('/log-in', 303)
  logOut(@Req() request: DashboardRequest, @Res({ passthrough: true }) response: ServerResponse): void {
    this.access.sessions.end(sessionOf(request));
    const name = cookieName('session', request.secure);
    response.setHeader('Set-Cookie', writeCookie(name, '', 0, request.secure));
  }

  private page(request: DashboardRequest, response: ServerResponse, to: string, refused: boolean): string {
    const { byPassword } = this.access;
    return logInPage(this.frames.of(request, response), { to, byPassword, refused }).text;
  }
}
