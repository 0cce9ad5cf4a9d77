// What a save would break, said before it: sessions without an OS user, a key, a bucket or a log group that is not there.
//
// The warnings are a service, not a rule: what the person may not ask is not warned of, and the server judges each session.

import Alert from '@cloudscape-design/components/alert';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useCallback } from 'react';
import { Refused } from '../api/call';
import { entities, nameOf, type Person, RUN_AS_TAG, tagsOf } from '../api/iam';
import { type KeyMetadata, keyNamed } from '../api/kms';
import { logGroups } from '../api/logs';
import { buckets } from '../api/s3';
import { useWords } from '../i18n/language';
import { useLoaded } from '../shell/loaded';
import { faults } from './faults';
import type { Preferences } from './inputs';
import { preferencesWords } from './words';

/** Names that a sentence holds before it only counts. */
const NAMES = 8;

export function Warnings({ preferences }: { readonly preferences: Preferences }): React.JSX.Element {
  const { runAsEnabled, runAsDefaultUser, kms, kmsKeyId, s3, s3BucketName, cloudWatch, cloudWatchLogGroupName } = preferences;
  const wrong = faults(preferences);
  return (
    <SpaceBetween size="s">
      {runAsEnabled && runAsDefaultUser === '' && <Untagged />}
      {kms && wrong.kmsKeyId === undefined && <KeyUnusable id={kmsKeyId} />}
      {s3 && wrong.s3BucketName === undefined && <BucketMissing name={s3BucketName} />}
      {cloudWatch && wrong.cloudWatchLogGroupName === undefined && <GroupMissing name={cloudWatchLogGroupName} />}
    </SpaceBetween>
  );
}

/** Users and roles without the tag. The role of the nodes starts no sessions. */
async function untagged(kind: Person): Promise<string[]> {
  const people = (await entities(kind)).filter(({ Path }) => Path !== '/service-role/');
  const tags = await Promise.all(people.map((entity) => tagsOf(kind, nameOf(entity))));
  return people.filter((_, at) => tags[at]?.every(({ Key }) => Key !== RUN_AS_TAG)).map(nameOf);
}

async function everybodyUntagged(): Promise<{ users: string[]; roles: string[] }> {
  const [users, roles] = await Promise.all([untagged('User'), untagged('Role')]);
  return { users, roles };
}

function Untagged(): React.JSX.Element | null {
  const t = useWords(preferencesWords);
  const found = useLoaded(everybodyUntagged);
  if (found.state !== 'loaded') {
    return null;
  }
  const { users, roles } = found.value;
  if (users.length + roles.length === 0) {
    return null;
  }
  const all = [...users, ...roles];
  const names = all.slice(0, NAMES).join(', ') + (all.length > NAMES ? ', …' : '');
  return <Alert type="warning">{t('untagged', { users: users.length, roles: roles.length, names })}</Alert>;
}

/** Nothing for who may not ask. */
async function described(id: string): Promise<KeyMetadata | 'absent' | undefined> {
  try {
    return await keyNamed(id);
  } catch (error) {
    return error instanceof Refused && error.code === 'NotFoundException' ? 'absent' : undefined;
  }
}

function KeyUnusable({ id }: { readonly id: string }): React.JSX.Element | null {
  const t = useWords(preferencesWords);
  const found = useLoaded(useCallback(() => described(id), [id]));
  if (found.state !== 'loaded' || found.value === undefined) {
    return null;
  }
  if (found.value === 'absent') {
    return <Alert type="warning">{t('keyAbsent', { key: id })}</Alert>;
  }
  return found.value.Enabled ? null : <Alert type="warning">{t('keyUnusable', { key: id, state: found.value.KeyState })}</Alert>;
}

function BucketMissing({ name }: { readonly name: string }): React.JSX.Element | null {
  const t = useWords(preferencesWords);
  const found = useLoaded(buckets);
  if (found.state !== 'loaded' || found.value.includes(name)) {
    return null;
  }
  return <Alert type="warning">{t('bucketAbsent', { bucket: name })}</Alert>;
}

function GroupMissing({ name }: { readonly name: string }): React.JSX.Element | null {
  const t = useWords(preferencesWords);
  const found = useLoaded(logGroups);
  if (found.state !== 'loaded' || found.value.includes(name)) {
    return null;
  }
  return <Alert type="warning">{t('groupAbsent', { group: name })}</Alert>;
}
