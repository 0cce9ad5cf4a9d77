// The operations of Systems Manager that the console calls, with the members it uses. Times are epoch seconds.

import { post, Refused } from './call';

function ssm<Answer>(operation: string, input: object): Promise<Answer> {
  return post(`api/ssm/${operation}`, JSON.stringify(input));
}

export const PREFERENCES = 'SSM-SessionManagerRunShell';

export interface StoredDocument {
  readonly Content: string;
  readonly DocumentVersion: string;
  readonly CreatedDate: number;
}

/** The preferences as they were saved in a version, the latest where none is named. */
export function preferencesDocument(version = '$LATEST'): Promise<StoredDocument> {
  return ssm('GetDocument', { Name: PREFERENCES, DocumentVersion: version, DocumentFormat: 'JSON' });
}

export interface DocumentVersion {
  readonly DocumentVersion: string;
  readonly CreatedDate: number;
}

/** The versions of the preferences, newest first. */
export async function preferencesVersions(): Promise<DocumentVersion[]> {
  const versions: DocumentVersion[] = [];
  let next: string | undefined;
  do {
    const page: { DocumentVersions: DocumentVersion[]; NextToken?: string } = await ssm('ListDocumentVersions', {
      Name: PREFERENCES,
      MaxResults: 50,
      NextToken: next,
    });
    versions.push(...page.DocumentVersions);
    next = page.NextToken;
  } while (next !== undefined);
  return versions;
}

export function createPreferences(content: string): Promise<unknown> {
  return ssm('CreateDocument', {
    Name: PREFERENCES,
    Content: content,
    DocumentType: 'Session',
    DocumentFormat: 'JSON',
  });
}

export function updatePreferences(content: string): Promise<unknown> {
  return ssm('UpdateDocument', {
    Name: PREFERENCES,
    Content: content,
    DocumentVersion: '$LATEST',
    DocumentFormat: 'JSON',
  });
}

export interface ManagedNode {
  readonly InstanceId: string;
  readonly PingStatus: string;
  readonly ComputerName?: string;
  readonly Name?: string;
  readonly IPAddress?: string;
  readonly PlatformName?: string;
  readonly PlatformVersion?: string;
  readonly AgentVersion?: string;
  readonly IamRole?: string;
  readonly LastPingDateTime?: number;
  readonly RegistrationDate?: number;
}

export async function managedNodes(): Promise<ManagedNode[]> {
  const nodes: ManagedNode[] = [];
  let next: string | undefined;
  do {
    const page: { InstanceInformationList: ManagedNode[]; NextToken?: string } = await ssm(
      'DescribeInstanceInformation',
      { MaxResults: 50, NextToken: next },
    );
    nodes.push(...page.InstanceInformationList);
    next = page.NextToken;
  } while (next !== undefined);
  return nodes;
}

/** The node of that id. */
export async function managedNode(id: string): Promise<ManagedNode> {
  const page: { InstanceInformationList: ManagedNode[] } = await ssm('DescribeInstanceInformation', {
    Filters: [{ Key: 'InstanceIds', Values: [id] }],
  });
  const found = page.InstanceInformationList[0];
  if (found === undefined) {
    throw new Refused('InvalidInstanceId', `There is no managed node ${id}.`, 400);
  }
  return found;
}

export function deregisterNode(id: string): Promise<unknown> {
  return ssm('DeregisterManagedInstance', { InstanceId: id });
}

interface NodeTag {
  readonly Key: string;
  readonly Value: string;
}

export async function nodeTags(id: string): Promise<NodeTag[]> {
  const input = { ResourceType: 'ManagedInstance', ResourceId: id };
  return (await ssm<{ TagList: NodeTag[] }>('ListTagsForResource', input)).TagList;
}

export interface Session {
  readonly SessionId: string;
  readonly Target: string;
  readonly Status: string;
  readonly StartDate: number;
  readonly EndDate?: number;
  readonly DocumentName?: string;
  readonly Owner: string;
  readonly Reason?: string;
  readonly Details?: string;
  readonly OutputUrl?: { readonly S3OutputUrl?: string; readonly CloudWatchOutputUrl?: string };
}

export interface SessionPage {
  readonly Sessions: Session[];
  readonly NextToken?: string;
}

export function sessions(state: 'Active' | 'History', next?: string): Promise<SessionPage> {
  return ssm('DescribeSessions', { State: state, MaxResults: 100, NextToken: next });
}

/** The session of that id, whether it runs or has ended. */
export async function session(id: string): Promise<Session> {
  const Filters = [{ key: 'SessionId', value: id }];
  const [active, history] = await Promise.all(
    (['Active', 'History'] as const).map((State) => ssm<SessionPage>('DescribeSessions', { State, Filters })),
  );
  const found = active?.Sessions[0] ?? history?.Sessions[0];
  if (found === undefined) {
    throw new Refused('DoesNotExistException', `Session ${id} does not exist.`, 400);
  }
  return found;
}

export interface Opened {
  readonly SessionId: string;
  readonly TokenValue?: string;
}

/** What StartSession may be told beside the target; a member that is left out is decided by the account's preferences. */
export interface Terms {
  readonly reason: string;
  readonly document: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
}

export function startSession(target: string, { reason, document, parameters }: Terms): Promise<Opened> {
  const values = Object.entries(parameters).map(([name, value]) => [name, [value]]);
  return ssm('StartSession', {
    Target: target,
    Reason: reason === '' ? undefined : reason,
    DocumentName: document,
    Parameters: values.length === 0 ? undefined : Object.fromEntries(values),
  });
}

export function resumeSession(sessionId: string): Promise<Opened> {
  return ssm('ResumeSession', { SessionId: sessionId });
}

export function terminateSession(sessionId: string): Promise<unknown> {
  return ssm('TerminateSession', { SessionId: sessionId });
}

export interface Activation {
  readonly ActivationId: string;
  readonly ActivationCode: string;
}

export function createActivation(name: string): Promise<Activation> {
  return ssm('CreateActivation', {
    IamRole: 'service-role/UsherManagedNode',
    DefaultInstanceName: name === '' ? undefined : name,
    RegistrationLimit: 1,
  });
}
