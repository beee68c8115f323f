import { Get, Query } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { ACTOR_KINDS, type ActorKind } from '../../audit/actor.js';
import { AUDIT_ACTIONS, type AuditAction } from '../../audit/audit-log.js';
import { AuditReader } from '../../audit/audit-reader.js';
import { describeEntry } from '../../audit/described-entry.js';
import { readCursor, writeCursor } from '../../http/cursor.js';
import { PortalRegistry } from '../../portals/registry.js';
import { type ApiRequest, tokenOf } from '../access/api-request.js';
import { Answers, ApiResource, Request } from '../http/api.decorators.js';
import { Problem } from '../http/problem.js';
import { OptionalText, OptionalTime, PageQuery, TextOrNull, Time } from '../http/schemas.js';

class AuditQuery extends PageQuery {
  @OptionalText('Name, address or member id of a portal.')
  portal?: string;
  @OptionalText('Name of an actor, or the kind of one without a name.', 200, { example: 'alice' })
  actor?: string;
  @ApiPropertyOptional({ enum: AUDIT_ACTIONS })
  @IsOptional()
  @IsIn(AUDIT_ACTIONS)
  action?: AuditAction;
  @OptionalTime('Not before then.')
  from?: number;
  @OptionalTime('Before then.')
  to?: number;
}

@ApiSchema({ name: 'Actor' })
class ActorView {
  @ApiProperty({ enum: ACTOR_KINDS })
  kind!: ActorKind;
  @TextOrNull('Who it was; null where nobody said.')
  name!: string | null;
  @TextOrNull('Where the request came from; null for a token that may only read.')
  address!: string | null;
}

@ApiSchema({ name: 'AuditEntry' })
class AuditEntryView {
  @ApiProperty({ type: 'integer' })
  id!: number;
  @Time('When.')
  at!: string;
  @ApiProperty({ type: ActorView })
  actor!: ActorView;
  @ApiProperty({ enum: AUDIT_ACTIONS })
  action!: AuditAction;
  @TextOrNull("The portal's name at that time.")
  portal!: string | null;
  @TextOrNull("The portal's member id.")
  memberId!: string | null;
  @ApiProperty({ type: String, description: 'What it was done to.' })
  target!: string;
  @ApiProperty({ type: 'integer', nullable: true, description: 'How many of them, or how often.' })
  count!: number | null;
  @TextOrNull('What else explains it.')
  detail!: string | null;
}

@ApiSchema({ name: 'AuditPage' })
class AuditPage {
  @ApiProperty({ type: [AuditEntryView] })
  items!: AuditEntryView[];
  @TextOrNull('The cursor of the next page; null on the last.')
  next!: string | null;
}

/** Who did what. */
@ApiResource('audit', 'audit')
export class AuditController {
  constructor(
    private readonly audit: AuditReader,
    private readonly registry: PortalRegistry,
  ) {}

  @Get()
  @Answers('Who did what, the latest first', 'listAudit', AuditPage, { problems: ['not-found'] })
  async list(@Query() query: AuditQuery, @Request() request: ApiRequest): Promise<AuditPage> {
    const { portal, actor, action, from, to, limit, cursor } = query;
    const known = portal === undefined ? undefined : this.registry.meant(portal);
    if (portal !== undefined && known === undefined)
      throw new Problem('not-found', `no portal ${portal} is installed`);
    const filter = { memberId: known?.memberId, actor, action, from, to };
    const after = cursor === undefined ? undefined : readCursor('audit', cursor);
    const found = await this.audit.list(filter, limit + 1, after);
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const mayOperate = tokenOf(request).right === 'operate';
    const view = (entry: (typeof shown)[number]): AuditEntryView => {
      const { actor: by, ...described } = describeEntry(entry);
      const address = mayOperate ? by.address : null;
      return { ...described, actor: { ...by, address } } as AuditEntryView;
    };
    return {
      items: shown.map(view),
      next: found.length > limit && last ? writeCursor('audit', last) : null,
    };
  }
}
