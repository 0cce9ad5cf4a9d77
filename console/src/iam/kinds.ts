// The kinds of entity, and where each has its pages.

import type { Kind } from '../api/iam';
import type { Question } from '../api/permissions';
import { to } from '../shell/route';
import type { iamWords } from './words';

type Word = keyof typeof iamWords;

interface Section {
  readonly path: 'users' | 'roles' | 'groups';
  readonly title: Word;
  readonly create: Word;
  readonly nameLabel: Word;
}

export const SECTIONS: Readonly<Record<Kind, Section>> = {
  User: { path: 'users', title: 'users', create: 'createUser', nameLabel: 'userName' },
  Role: { path: 'roles', title: 'roles', create: 'createRole', nameLabel: 'roleName' },
  Group: { path: 'groups', title: 'groups', create: 'createGroup', nameLabel: 'groupName' },
};

export function kindOf(path: string): Kind | undefined {
  const kinds = Object.keys(SECTIONS) as Kind[];
  return kinds.find((kind) => SECTIONS[kind].path === path);
}

export function pageOf(kind: Kind, name: string): string {
  return to('iam', SECTIONS[kind].path, name);
}

/** What an action on one of them is asked about. */
export function on(kind: Kind, name: string): NonNullable<Question['on']> {
  switch (kind) {
    case 'User':
      return { user: name };
    case 'Role':
      return { role: name };
    case 'Group':
      return { group: name };
  }
}
