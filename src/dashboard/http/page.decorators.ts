import { type ServerResponse } from 'node:http';
import {
  applyDecorators,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  Header,
  HttpCode,
  Post,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { type DashboardRequest } from '../session/dashboard-request.js';
import { SessionGuard } from '../session/session.guard.js';
import { ErrorsFilter } from './errors.filter.js';
import { type HttpContext } from './http-context.js';

/** A controller for users who are logged in; errors are shown as pages. */
export const DashboardController = (path = '') =>
  applyDecorators(Controller(path), UseGuards(SessionGuard), UseFilters(ErrorsFilter));

const Html = () => Header('Content-Type', 'text/html; charset=utf-8');

/** `GET` of a page. */
export const Page = (path = '') => applyDecorators(Get(path), Html());

/** `POST` that is answered by a page rather than by going to another. */
export const PostForPage = (path: string, status: number) =>
  applyDecorators(Post(path), HttpCode(status), Html());

/** Parameter: the {@link HttpContext}. */
export const Http = createParamDecorator((_: unknown, context: ExecutionContext): HttpContext => {
  const http = context.switchToHttp();
  return {
    request: http.getRequest<DashboardRequest>(),
    response: http.getResponse<ServerResponse>(),
  };
});
