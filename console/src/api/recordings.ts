// A session's recording and how the deliveries of its log stand. Reading a recording is a permission of its own.

import { post } from './call';

function ssm<Answer>(operation: string, input: object): Promise<Answer> {
  return post(`api/ssm/${operation}`, JSON.stringify(input));
}

export interface Verified {
  readonly IsIntact: boolean;
  readonly IsFinished: boolean;
  readonly Problem?: string;
  readonly Lost?: string;
  readonly Bytes: number;
}

/** Asciicast v2, the whole of it. */
export async function recording(sessionId: string): Promise<string> {
  let content = '';
  let next: string | undefined;
  do {
    const page: { Content: string; NextToken?: string } = await ssm('GetSessionRecording', {
      SessionId: sessionId,
      NextToken: next,
    });
    content += page.Content;
    next = page.NextToken;
  } while (next !== undefined);
  return content;
}

export function verifyRecording(sessionId: string): Promise<Verified> {
  return ssm('VerifySessionRecording', { SessionId: sessionId });
}

export interface Delivery {
  readonly Sink: 'logs' | 's3';
  readonly LogGroupName?: string;
  readonly LogStreamName?: string;
  readonly S3BucketName?: string;
  readonly S3Key?: string;
  /** `node` while the node's agent writes it. */
  readonly State: 'node' | 'waiting' | 'done' | 'failed';
  readonly FailedTries: number;
  /** Epoch seconds. */
  readonly NextTry?: number;
  readonly Problem?: string;
}

export async function deliveries(sessionId: string): Promise<Delivery[]> {
  return (await ssm<{ Logs: Delivery[] }>('DescribeSessionLogs', { SessionId: sessionId })).Logs;
}

export function retryDeliveries(sessionId: string): Promise<unknown> {
  return ssm('RetrySessionLogs', { SessionId: sessionId });
}

/** Delivers a line as a session on that node would its log, wherever the preferences in force want logs. */
export async function tryDelivery(node: string): Promise<Delivery[]> {
  return (await ssm<{ Logs: Delivery[] }>('TestSessionLogs', { Target: node })).Logs;
}
