// What the page reads out of an event's record. Members that are not there, or are something else, are left out.

import type { AuditEvent } from '../api/audit';

export interface Decision {
  readonly action: string;
  readonly resource: string;
  readonly decision: string;
}

export interface AuditRecord {
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
  readonly sourceIPAddress: string | undefined;
  readonly requestID: string | undefined;
  readonly accessKeyId: string | undefined;
  readonly decisions: readonly Decision[];
  /** The whole record, indented. */
  readonly text: string;
}

type Json = { readonly [key: string]: unknown };

function map(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function recordOf({ CloudTrailEvent }: AuditEvent): AuditRecord {
  let record: Json = {};
  try {
    record = map(JSON.parse(CloudTrailEvent));
  } catch {
    // Shown as it is.
  }
  const { decisions } = map(record.additionalEventData);
  return {
    errorCode: text(record.errorCode),
    errorMessage: text(record.errorMessage),
    sourceIPAddress: text(record.sourceIPAddress),
    requestID: text(record.requestID),
    accessKeyId: text(map(record.userIdentity).accessKeyId),
    decisions: (Array.isArray(decisions) ? decisions : []).map(map).map(({ action, resource, decision }) => ({
      action: text(action) ?? '–',
      resource: text(resource) ?? '–',
      decision: text(decision) ?? '–',
    })),
    text: Object.keys(record).length === 0 ? CloudTrailEvent : JSON.stringify(record, null, 2),
  };
}
