// One call of IAM: a form goes there, JSON comes back. Lists come whole: every page is read.

import { post } from './call';
import { form, type Input } from './form';

export function iam<Answer>(operation: string, input: Input): Promise<Answer> {
  const type = 'application/x-www-form-urlencoded; charset=utf-8';
  return post(`api/iam/${operation}`, form(input), type);
}

export interface Page {
  readonly IsTruncated?: boolean;
  readonly Marker?: string;
}

export async function all<P extends Page, Item>(
  operation: string,
  input: Input,
  items: (page: P) => readonly Item[] | undefined,
): Promise<Item[]> {
  const found: Item[] = [];
  let marker: string | undefined;
  do {
    const page: P = await iam<P>(operation, { ...input, Marker: marker });
    found.push(...(items(page) ?? []));
    marker = page.IsTruncated === true ? page.Marker : undefined;
  } while (marker !== undefined);
  return found;
}
