// Users, roles and groups, and their tags, as IAM tells them.

import { all, iam, type Page } from './iam-calls';
import type { Input } from './form';

/** What policies hang on. */
export type Kind = 'User' | 'Role' | 'Group';
/** What has tags and may start sessions. */
export type Person = 'User' | 'Role';

export interface Entity {
  readonly Arn: string;
  readonly CreateDate: string;
  readonly Path: string;
  readonly UserName?: string;
  readonly RoleName?: string;
  readonly GroupName?: string;
  readonly PermissionsBoundary?: { readonly PermissionsBoundaryArn: string };
  /** Of a role: JSON, percent-encoded. */
  readonly AssumeRolePolicyDocument?: string;
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export const RUN_AS_TAG = 'SSMSessionRunAs';

export function named(kind: Kind, name: string): Input {
  return { [`${kind}Name`]: name };
}

export function nameOf(entity: Entity): string {
  return entity.UserName ?? entity.RoleName ?? entity.GroupName ?? '';
}

type EntityPage = Page & { Users?: Entity[]; Roles?: Entity[]; Groups?: Entity[] };

export function entities(kind: Kind): Promise<Entity[]> {
  return all<EntityPage, Entity>(`List${kind}s`, {}, (page) => page.Users ?? page.Roles ?? page.Groups);
}

export async function entity(kind: Kind, name: string): Promise<Entity> {
  const answer: { User?: Entity; Role?: Entity; Group?: Entity } = await iam(`Get${kind}`, named(kind, name));
  const found = answer.User ?? answer.Role ?? answer.Group;
  if (found === undefined) {
    throw new Error(`Get${kind} answered without a ${kind}`);
  }
  return found;
}

/** `trust` is the text of a role's trust policy. */
export function createEntity(kind: Kind, name: string, trust?: string): Promise<unknown> {
  return iam(`Create${kind}`, { ...named(kind, name), AssumeRolePolicyDocument: trust });
}

export function deleteEntity(kind: Kind, name: string): Promise<unknown> {
  return iam(`Delete${kind}`, named(kind, name));
}

export function updateTrust(name: string, document: string): Promise<unknown> {
  return iam('UpdateAssumeRolePolicy', { RoleName: name, PolicyDocument: document });
}

export function members(group: string): Promise<Entity[]> {
  return all<Page & { Users?: Entity[] }, Entity>('GetGroup', { GroupName: group }, (page) => page.Users);
}

export function groupsOf(user: string): Promise<Entity[]> {
  return all<Page & { Groups?: Entity[] }, Entity>('ListGroupsForUser', { UserName: user }, (page) => page.Groups);
}

export function addMember(group: string, user: string): Promise<unknown> {
  return iam('AddUserToGroup', { GroupName: group, UserName: user });
}

export function removeMember(group: string, user: string): Promise<unknown> {
  return iam('RemoveUserFromGroup', { GroupName: group, UserName: user });
}

export function tagsOf(kind: Person, name: string): Promise<Tag[]> {
  return all<Page & { Tags?: Tag[] }, Tag>(`List${kind}Tags`, named(kind, name), (page) => page.Tags);
}

export function tag(kind: Person, name: string, tags: readonly Tag[]): Promise<unknown> {
  const members = tags.map(({ Key, Value }) => ({ Key, Value }));
  return iam(`Tag${kind}`, { ...named(kind, name), Tags: members });
}

export function untag(kind: Person, name: string, keys: readonly string[]): Promise<unknown> {
  return iam(`Untag${kind}`, { ...named(kind, name), TagKeys: keys });
}
