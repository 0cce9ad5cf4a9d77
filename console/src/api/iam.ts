// The operations of IAM that the console calls. Lists come whole: every page is read.

import { post } from './call';
import { form, type Input } from './form';

function iam<Answer>(operation: string, input: Input): Promise<Answer> {
  const type = 'application/x-www-form-urlencoded; charset=utf-8';
  return post(`api/iam/${operation}`, form(input), type);
}

interface Page {
  readonly IsTruncated?: boolean;
  readonly Marker?: string;
}

async function all<P extends Page, Item>(
  operation: string,
  input: Input,
  items: (page: P) => readonly Item[],
): Promise<Item[]> {
  const found: Item[] = [];
  let marker: string | undefined;
  do {
    const page: P = await iam<P>(operation, { ...input, Marker: marker });
    found.push(...items(page));
    marker = page.IsTruncated === true ? page.Marker : undefined;
  } while (marker !== undefined);
  return found;
}

export type Kind = 'User' | 'Role';

export interface Entity {
  readonly Arn: string;
  readonly CreateDate: string;
  readonly Path: string;
  readonly UserName?: string;
  readonly RoleName?: string;
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export const RUN_AS_TAG = 'SSMSessionRunAs';

function named(kind: Kind, name: string): Input {
  return { [`${kind}Name`]: name };
}

export function nameOf(entity: Entity): string {
  return entity.UserName ?? entity.RoleName ?? '';
}

export function entities(kind: Kind): Promise<Entity[]> {
  return all<Page & { Users?: Entity[]; Roles?: Entity[] }, Entity>(
    `List${kind}s`,
    {},
    (page) => page.Users ?? page.Roles ?? [],
  );
}

export function tagsOf(kind: Kind, name: string): Promise<Tag[]> {
  return all<Page & { Tags?: Tag[] }, Tag>(
    `List${kind}Tags`,
    named(kind, name),
    (page) => page.Tags ?? [],
  );
}

export function tag(kind: Kind, name: string, tags: readonly Tag[]): Promise<unknown> {
  const members = tags.map(({ Key, Value }) => ({ Key, Value }));
  return iam(`Tag${kind}`, { ...named(kind, name), Tags: members });
}

export function untag(kind: Kind, name: string, keys: readonly string[]): Promise<unknown> {
  return iam(`Untag${kind}`, { ...named(kind, name), TagKeys: keys });
}
