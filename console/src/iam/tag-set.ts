// The tags of a user or role while they are edited: what is wrong with one, and which calls a save makes.

import { RUN_AS_TAG, type Tag } from '../api/iam';

export type TagFault = 'keyEmpty' | 'keyTwice' | 'keySpelling' | 'valueEmpty' | 'valueMalformed' | 'valueRoot';

const OS_USER = /^[a-zA-Z_][a-zA-Z0-9_.@-]{0,31}\$?$/;

/** A row that nobody has written in: always offered, never saved. */
export const BLANK: Tag = { Key: '', Value: '' };

export function isBlank({ Key, Value }: Tag): boolean {
  return Key === '' && Value === '';
}

export function keyFault(tags: readonly Tag[], at: number): TagFault | undefined {
  const tag = tags[at];
  if (tag === undefined || isBlank(tag)) {
    return undefined;
  }
  if (tag.Key === '') {
    return 'keyEmpty';
  }
  const folded = tag.Key.toLowerCase();
  if (folded === RUN_AS_TAG.toLowerCase() && tag.Key !== RUN_AS_TAG) {
    return 'keySpelling';
  }
  // IAM keeps one tag for each key, whatever its casing.
  return tags.filter(({ Key }) => Key.toLowerCase() === folded).length > 1 ? 'keyTwice' : undefined;
}

export function valueFault({ Key, Value }: Tag): TagFault | undefined {
  if (Key !== RUN_AS_TAG) {
    return undefined;
  }
  if (Value === '') {
    return 'valueEmpty';
  }
  return Value === 'root' ? 'valueRoot' : OS_USER.test(Value) ? undefined : 'valueMalformed';
}

export interface Plan {
  readonly set: readonly Tag[];
  readonly removed: readonly string[];
}

/** What has to be called so that `before` becomes `after`. */
export function plan(before: readonly Tag[], after: readonly Tag[]): Plan {
  const wanted = after.filter((tag) => !isBlank(tag));
  return {
    set: wanted.filter((tag) => !before.some(({ Key, Value }) => Key === tag.Key && Value === tag.Value)),
    removed: before.filter((tag) => !wanted.some(({ Key }) => Key === tag.Key)).map(({ Key }) => Key),
  };
}
