// The operations of KMS that the console calls: the keys of the account by their aliases, and making one.

import { post } from './call';

function kms<Answer>(operation: string, input: object): Promise<Answer> {
  return post(`api/kms/${operation}`, JSON.stringify(input));
}

interface AliasPage {
  readonly Aliases: readonly { readonly AliasName: string }[];
  readonly Truncated?: boolean;
  readonly NextMarker?: string;
}

/** The aliases of the account's keys, such as `alias/sessions`. */
export async function aliases(): Promise<string[]> {
  const names: string[] = [];
  let marker: string | undefined;
  do {
    const page: AliasPage = await kms('ListAliases', { Limit: 100, Marker: marker });
    names.push(...page.Aliases.map(({ AliasName }) => AliasName));
    marker = page.Truncated === true ? page.NextMarker : undefined;
  } while (marker !== undefined);
  return names;
}

/** Makes a key and names it `alias`. */
export async function createKey(alias: string): Promise<void> {
  const made: { KeyMetadata: { KeyId: string } } = await kms('CreateKey', {
    Description: 'Encryption of session data',
  });
  await kms('CreateAlias', { AliasName: alias, TargetKeyId: made.KeyMetadata.KeyId });
}
