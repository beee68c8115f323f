import { Controller, Get, Header, Inject } from '@nestjs/common';
import { asyncapiDocument, type ContractVariant } from './asyncapi.js';

/** Which contract a bridge keeps: the token of a {@link ContractVariant}. */
export const CONTRACT_VARIANT = Symbol('ContractVariant');

/** `GET /asyncapi.yaml`: what consumers receive from this bridge and may send to it. */
@Controller('asyncapi.yaml')
export class AsyncapiController {
  private document: string | null = null;

  constructor(@Inject(CONTRACT_VARIANT) private readonly variant: ContractVariant) {}

  @Get()
  @Header('Content-Type', 'application/yaml; charset=utf-8')
  read(): string {
    return (this.document ??= asyncapiDocument(this.variant));
  }
}
