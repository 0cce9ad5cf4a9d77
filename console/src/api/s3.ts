// What the console knows of S3: which buckets there are.

import { post } from './call';

/** The names of the account's buckets. */
export function buckets(): Promise<string[]> {
  return post('buckets', '');
}
