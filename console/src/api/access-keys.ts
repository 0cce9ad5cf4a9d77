// The access keys of users. A secret is told once, by the call that makes the key.

import { all, iam, type Page } from './iam-calls';

export interface AccessKeyMetadata {
  readonly AccessKeyId: string;
  readonly Status: 'Active' | 'Inactive';
  readonly CreateDate: string;
}

export interface MadeKey {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
}

export interface LastUsed {
  readonly LastUsedDate?: string;
  readonly ServiceName: string;
}

export function accessKeys(user: string): Promise<AccessKeyMetadata[]> {
  return all<Page & { AccessKeyMetadata?: AccessKeyMetadata[] }, AccessKeyMetadata>(
    'ListAccessKeys',
    { UserName: user },
    (page) => page.AccessKeyMetadata,
  );
}

export async function lastUsed(keyId: string): Promise<LastUsed> {
  const answer: { AccessKeyLastUsed: LastUsed } = await iam('GetAccessKeyLastUsed', { AccessKeyId: keyId });
  return answer.AccessKeyLastUsed;
}

export async function createAccessKey(user: string): Promise<MadeKey> {
  return (await iam<{ AccessKey: MadeKey }>('CreateAccessKey', { UserName: user })).AccessKey;
}

export function switchAccessKey(user: string, keyId: string, isActive: boolean): Promise<unknown> {
  const Status = isActive ? 'Active' : 'Inactive';
  return iam('UpdateAccessKey', { UserName: user, AccessKeyId: keyId, Status });
}

export function deleteAccessKey(user: string, keyId: string): Promise<unknown> {
  return iam('DeleteAccessKey', { UserName: user, AccessKeyId: keyId });
}
