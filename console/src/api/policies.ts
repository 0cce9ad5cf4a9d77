// Policies: managed ones by ARN, inline ones by their owner, boundaries, and what they would decide.

import { all, iam, type Page } from './iam-calls';
import { type Kind, named, type Person } from './iam';

export interface ManagedPolicy {
  readonly Arn: string;
  readonly PolicyName: string;
  readonly DefaultVersionId: string;
  readonly AttachmentCount: number;
  readonly PermissionsBoundaryUsageCount: number;
  readonly CreateDate: string;
  readonly UpdateDate: string;
  readonly Description?: string;
}

export interface PolicyVersion {
  readonly VersionId: string;
  readonly IsDefaultVersion: boolean;
  readonly CreateDate: string;
}

export interface Attached {
  readonly PolicyName: string;
  readonly PolicyArn: string;
}

/** IAM gives documents percent-encoded. */
export function decodedDocument(encoded: string): string {
  const text = decodeURIComponent(encoded);
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** AWS's own come with the service and cannot be changed. */
export function isOurs(arn: string): boolean {
  return !arn.startsWith('arn:aws:iam::aws:');
}

export function managedPolicies(): Promise<ManagedPolicy[]> {
  return all<Page & { Policies?: ManagedPolicy[] }, ManagedPolicy>('ListPolicies', {}, (page) => page.Policies);
}

export async function managedPolicy(arn: string): Promise<ManagedPolicy> {
  return (await iam<{ Policy: ManagedPolicy }>('GetPolicy', { PolicyArn: arn })).Policy;
}

export async function createPolicy(name: string, document: string): Promise<ManagedPolicy> {
  const input = { PolicyName: name, PolicyDocument: document };
  return (await iam<{ Policy: ManagedPolicy }>('CreatePolicy', input)).Policy;
}

export function deletePolicy(arn: string): Promise<unknown> {
  return iam('DeletePolicy', { PolicyArn: arn });
}

export function versions(arn: string): Promise<PolicyVersion[]> {
  return all<Page & { Versions?: PolicyVersion[] }, PolicyVersion>(
    'ListPolicyVersions',
    { PolicyArn: arn },
    (page) => page.Versions,
  );
}

export async function versionDocument(arn: string, version: string): Promise<string> {
  const answer: { PolicyVersion: { Document: string } } = await iam('GetPolicyVersion', {
    PolicyArn: arn,
    VersionId: version,
  });
  return decodedDocument(answer.PolicyVersion.Document);
}

export function createVersion(arn: string, document: string): Promise<unknown> {
  return iam('CreatePolicyVersion', { PolicyArn: arn, PolicyDocument: document, SetAsDefault: true });
}

export function setDefaultVersion(arn: string, version: string): Promise<unknown> {
  return iam('SetDefaultPolicyVersion', { PolicyArn: arn, VersionId: version });
}

export function deleteVersion(arn: string, version: string): Promise<unknown> {
  return iam('DeletePolicyVersion', { PolicyArn: arn, VersionId: version });
}

export interface Holder {
  readonly kind: Kind;
  readonly name: string;
}

type HolderPage = Page & {
  readonly PolicyUsers?: readonly { readonly UserName: string }[];
  readonly PolicyRoles?: readonly { readonly RoleName: string }[];
  readonly PolicyGroups?: readonly { readonly GroupName: string }[];
};

/** Whom a managed policy is attached to, or bounds. */
export function holders(arn: string): Promise<Holder[]> {
  return all<HolderPage, Holder>('ListEntitiesForPolicy', { PolicyArn: arn }, (page) => [
    ...(page.PolicyUsers ?? []).map(({ UserName }): Holder => ({ kind: 'User', name: UserName })),
    ...(page.PolicyGroups ?? []).map(({ GroupName }): Holder => ({ kind: 'Group', name: GroupName })),
    ...(page.PolicyRoles ?? []).map(({ RoleName }): Holder => ({ kind: 'Role', name: RoleName })),
  ]);
}

export function attached(kind: Kind, name: string): Promise<Attached[]> {
  return all<Page & { AttachedPolicies?: Attached[] }, Attached>(
    `ListAttached${kind}Policies`,
    named(kind, name),
    (page) => page.AttachedPolicies,
  );
}

export function attach(kind: Kind, name: string, arn: string): Promise<unknown> {
  return iam(`Attach${kind}Policy`, { ...named(kind, name), PolicyArn: arn });
}

export function detach(kind: Kind, name: string, arn: string): Promise<unknown> {
  return iam(`Detach${kind}Policy`, { ...named(kind, name), PolicyArn: arn });
}

export function inlinePolicies(kind: Kind, name: string): Promise<string[]> {
  return all<Page & { PolicyNames?: string[] }, string>(
    `List${kind}Policies`,
    named(kind, name),
    (page) => page.PolicyNames,
  );
}

export async function inlinePolicy(kind: Kind, name: string, policy: string): Promise<string> {
  const input = { ...named(kind, name), PolicyName: policy };
  return decodedDocument((await iam<{ PolicyDocument: string }>(`Get${kind}Policy`, input)).PolicyDocument);
}

export function putInlinePolicy(kind: Kind, name: string, policy: string, document: string): Promise<unknown> {
  return iam(`Put${kind}Policy`, { ...named(kind, name), PolicyName: policy, PolicyDocument: document });
}

export function deleteInlinePolicy(kind: Kind, name: string, policy: string): Promise<unknown> {
  return iam(`Delete${kind}Policy`, { ...named(kind, name), PolicyName: policy });
}

export function setBoundary(kind: Person, name: string, arn: string): Promise<unknown> {
  return iam(`Put${kind}PermissionsBoundary`, { ...named(kind, name), PermissionsBoundary: arn });
}

export function removeBoundary(kind: Person, name: string): Promise<unknown> {
  return iam(`Delete${kind}PermissionsBoundary`, named(kind, name));
}
