// The operations of KMS that the console calls. Times are epoch seconds.

import { post } from './call';

function kms<Answer>(operation: string, input: object): Promise<Answer> {
  return post(`api/kms/${operation}`, JSON.stringify(input));
}

interface Alias {
  readonly AliasName: string;
  readonly TargetKeyId?: string;
}

interface Page {
  readonly Truncated?: boolean;
  readonly NextMarker?: string;
}

async function all<P extends Page, Item>(operation: string, items: (page: P) => readonly Item[]): Promise<Item[]> {
  const found: Item[] = [];
  let marker: string | undefined;
  do {
    const page: P = await kms(operation, { Limit: 100, Marker: marker });
    found.push(...items(page));
    marker = page.Truncated === true ? page.NextMarker : undefined;
  } while (marker !== undefined);
  return found;
}

function everyAlias(): Promise<Alias[]> {
  return all<Page & { Aliases: readonly Alias[] }, Alias>('ListAliases', ({ Aliases }) => Aliases);
}

/** The aliases of the account's keys, such as `alias/sessions`. */
export async function aliases(): Promise<string[]> {
  return (await everyAlias()).map(({ AliasName }) => AliasName);
}

export interface KeyMetadata {
  readonly KeyId: string;
  readonly Arn: string;
  readonly Description: string;
  readonly Enabled: boolean;
  readonly KeyState: string;
  readonly CreationDate: number;
  readonly DeletionDate?: number;
}

/** The key of an id, ARN or alias. */
export async function keyNamed(id: string): Promise<KeyMetadata> {
  return (await kms<{ KeyMetadata: KeyMetadata }>('DescribeKey', { KeyId: id })).KeyMetadata;
}

export interface Key extends KeyMetadata {
  readonly aliases: readonly string[];
}

/** The keys of the account, as far as the caller may see them. */
export async function keys(): Promise<Key[]> {
  const [listed, named] = await Promise.all([
    all<Page & { Keys: readonly { readonly KeyId: string }[] }, string>('ListKeys', ({ Keys }) =>
      Keys.map(({ KeyId }) => KeyId),
    ),
    everyAlias(),
  ]);
  return Promise.all(
    listed.map(async (id) => ({
      ...(await keyNamed(id)),
      aliases: named.filter(({ TargetKeyId }) => TargetKeyId === id).map(({ AliasName }) => AliasName),
    })),
  );
}

/** Makes a key and names it `alias`. */
export async function createKey(alias: string): Promise<void> {
  const made: { KeyMetadata: { KeyId: string } } = await kms('CreateKey', {
    Description: 'Encryption of session data',
  });
  await kms('CreateAlias', { AliasName: alias, TargetKeyId: made.KeyMetadata.KeyId });
}

export function switchKey(id: string, isEnabled: boolean): Promise<unknown> {
  return kms(isEnabled ? 'EnableKey' : 'DisableKey', { KeyId: id });
}

export function scheduleDeletion(id: string, days: number): Promise<unknown> {
  return kms('ScheduleKeyDeletion', { KeyId: id, PendingWindowInDays: days });
}

export function cancelDeletion(id: string): Promise<unknown> {
  return kms('CancelKeyDeletion', { KeyId: id });
}

/** A fresh data key of 64 bytes under `keyId`, in base64: as it is, and as KMS encrypted it. */
export function dataKey(
  keyId: string,
  context: Readonly<Record<string, string>>,
): Promise<{ readonly Plaintext: string; readonly CiphertextBlob: string }> {
  return kms('GenerateDataKey', { KeyId: keyId, NumberOfBytes: 64, EncryptionContext: context });
}
