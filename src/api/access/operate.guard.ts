import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import { type ApiRequest, tokenOf } from './api-request.js';

/** Lets those through whose token may change something. */
@Injectable()
export class OperateGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { name, right } = tokenOf(context.switchToHttp().getRequest<ApiRequest>());
    if (right !== 'operate') throw new Problem('forbidden', `the token ${name} may only read`);
    return true;
  }
}
