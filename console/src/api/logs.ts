// The operations of CloudWatch Logs that the console calls. Their members begin in lower case, unlike the other services',
// and their times are milliseconds.

import { post } from './call';

function logs<Answer>(operation: string, input: object): Promise<Answer> {
  return post(`api/logs/${operation}`, JSON.stringify(input));
}

export interface LogGroup {
  readonly logGroupName: string;
  readonly creationTime: number;
  readonly retentionInDays?: number;
  readonly storedBytes: number;
  readonly kmsKeyId?: string;
}

export async function groups(): Promise<LogGroup[]> {
  const found: LogGroup[] = [];
  let nextToken: string | undefined;
  do {
    const page: { logGroups: LogGroup[]; nextToken?: string } = await logs('DescribeLogGroups', { limit: 50, nextToken });
    found.push(...page.logGroups);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return found;
}

/** The names of the account's log groups. */
export async function logGroups(): Promise<string[]> {
  return (await groups()).map(({ logGroupName }) => logGroupName);
}

export function createGroup(logGroupName: string): Promise<unknown> {
  return logs('CreateLogGroup', { logGroupName });
}

export function deleteGroup(logGroupName: string): Promise<unknown> {
  return logs('DeleteLogGroup', { logGroupName });
}

/** Nothing keeps events for ever. */
export function setRetention(logGroupName: string, retentionInDays: number | undefined): Promise<unknown> {
  return retentionInDays === undefined
    ? logs('DeleteRetentionPolicy', { logGroupName })
    : logs('PutRetentionPolicy', { logGroupName, retentionInDays });
}

export interface LogStream {
  readonly logStreamName: string;
  readonly creationTime: number;
  readonly lastEventTimestamp?: number;
}

/** The streams of a group, those with the latest events first, as many as a page holds. */
export async function streams(logGroupName: string): Promise<LogStream[]> {
  const input = { logGroupName, orderBy: 'LastEventTime', descending: true, limit: 50 };
  return (await logs<{ logStreams: LogStream[] }>('DescribeLogStreams', input)).logStreams;
}

export interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

export interface Events {
  readonly events: readonly LogEvent[];
  /** Where what comes later begins. */
  readonly nextForwardToken: string;
}

export function events(logGroupName: string, logStreamName: string, nextToken: string | undefined): Promise<Events> {
  return logs('GetLogEvents', { logGroupName, logStreamName, nextToken, startFromHead: true });
}
