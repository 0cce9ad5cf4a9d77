// The operations of CloudTrail that the console calls. Times are epoch seconds.

import { post, Refused } from './call';

function cloudTrail<Answer>(operation: string, input: object): Promise<Answer> {
  return post(`api/cloudtrail/${operation}`, JSON.stringify(input));
}

/** By what events are looked up; one at a time. */
export const ATTRIBUTES = [
  'Username', 'EventName', 'EventSource', 'ResourceName', 'ResourceType', 'ReadOnly', 'AccessKeyId', 'EventId',
] as const;
export type Attribute = (typeof ATTRIBUTES)[number];

export interface AuditEvent {
  readonly EventId: string;
  readonly EventName: string;
  readonly EventTime: number;
  readonly EventSource: string;
  readonly Username?: string;
  readonly Resources: readonly { readonly ResourceType: string; readonly ResourceName: string }[];
  /** The whole record, JSON. */
  readonly CloudTrailEvent: string;
}

export interface Selection {
  readonly attribute: Attribute;
  /** Everything where it is empty. */
  readonly value: string;
  readonly from?: number;
  readonly to?: number;
}

export interface EventPage {
  readonly Events: readonly AuditEvent[];
  readonly NextToken?: string;
}

/** The newest events of the selection, or those that come after a page of them. */
export function lookUp({ attribute, value, from, to }: Selection, next?: string): Promise<EventPage> {
  return cloudTrail('LookupEvents', {
    LookupAttributes: value === '' ? [] : [{ AttributeKey: attribute, AttributeValue: value }],
    StartTime: from,
    EndTime: to,
    NextToken: next,
  });
}

/** The event of that id. */
export async function auditEvent(id: string): Promise<AuditEvent> {
  const { Events } = await lookUp({ attribute: 'EventId', value: id });
  const found = Events[0];
  if (found === undefined) {
    throw new Refused('EventNotFound', `There is no event ${id}.`, 400);
  }
  return found;
}

export interface TrailStatus {
  readonly IsLogging: boolean;
  readonly LatestDeliveryTime?: number;
  /** When the last head of the chain was signed. */
  readonly LatestDigestDeliveryTime?: number;
  readonly LatestDigestDeliveryError?: string;
}

export function trailStatus(): Promise<TrailStatus> {
  return cloudTrail('GetTrailStatus', { Name: 'usher' });
}
