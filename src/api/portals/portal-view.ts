import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { shownAddress } from '../../bitrix24/portal-address.js';
import { type DeliveryState, PORTAL_STATES, type PortalState } from '../../database/schema.js';
import { type Portal } from '../../portals/portal-record.js';
import { OptionalText, PageQuery, TextOrNull, Time } from '../http/schemas.js';

export class PortalsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: PORTAL_STATES, description: 'Only those in this state.' })
  @IsOptional()
  @IsIn(PORTAL_STATES)
  state?: PortalState;
}

export class PauseBody {
  @OptionalText('Why, for whoever meets the portal paused.', 500)
  reason?: string;
}

@ApiSchema({ name: 'Pause' })
export class PauseView {
  @Time('Since when.')
  since!: string;
  @TextOrNull('Why.')
  reason!: string | null;
  @ApiProperty({ type: String, description: 'Who ordered it.' })
  by!: string;
}

@ApiSchema({ name: 'Portal' })
export class PortalView {
  @ApiProperty({ type: String, description: 'First word of its routing keys.', example: 'acme' })
  name!: string;
  @ApiProperty({ type: String })
  memberId!: string;
  @ApiProperty({
    type: String,
    description: 'Its address, as people write it.',
    example: 'acme.bitrix24.com',
  })
  address!: string;
  @ApiProperty({ enum: PORTAL_STATES })
  state!: PortalState;
  @TextOrNull('Why it is in this state.')
  stateReason!: string | null;
  @Time('Since when it is in this state.')
  stateSince!: string;
  @ApiProperty({
    type: PauseView,
    nullable: true,
    description: 'What people have ordered; null where it is not paused.',
  })
  paused!: PauseView | null;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Its deliveries in trouble, by state; a state with none is missing.',
  })
  troubled!: Partial<Record<DeliveryState, number>>;
  @ApiProperty({
    type: 'integer',
    description: 'Its deliveries that are neither settled nor in trouble for good.',
  })
  inFlight!: number;
}

@ApiSchema({ name: 'PortalPage' })
export class PortalPage {
  @ApiProperty({ type: [PortalView] })
  items!: PortalView[];
  @TextOrNull('The cursor of the next page; null on the last.')
  next!: string | null;
}

@ApiSchema({ name: 'Woken' })
export class WokenView {
  @ApiProperty({ type: String, description: 'Name of the portal whose next round comes at once.' })
  woken!: string;
}

/** A portal for programs, without its tokens. */
export function viewPortal(
  portal: Portal,
  troubled: Partial<Record<DeliveryState, number>>,
  inFlight: number,
): PortalView {
  const { name, memberId, clientEndpoint, state, stateReason, stateSince, paused } = portal;
  return {
    name,
    memberId,
    address: shownAddress(clientEndpoint),
    state,
    stateReason,
    stateSince: new Date(stateSince).toISOString(),
    paused:
      paused === null
        ? null
        : { since: new Date(paused.since).toISOString(), reason: paused.reason, by: paused.by },
    troubled,
    inFlight,
  };
}
