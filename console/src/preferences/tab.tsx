// The Preferences tab: what is in force, and Edit.

import Alert from '@cloudscape-design/components/alert';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { PREFERENCES } from '../api/ssm';
import { useTimes, useWords } from '../i18n/language';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { go } from '../shell/route';
import type { Preferences } from './inputs';
import { shown } from './shown';
import { type Stored, storedPreferences } from './stored';
import { Trial } from './trial';
import { Versions } from './versions';
import { preferencesWords } from './words';

const GROUPS = [
  ['general', ['idleSessionTimeout', 'limitDuration', 'maxSessionDuration']],
  ['kmsTitle', ['kms', 'kmsKeyId']],
  ['runAs', ['runAsEnabled', 'runAsDefaultUser']],
  ['s3', ['s3', 's3BucketName', 's3KeyPrefix', 's3EncryptionEnabled']],
  [
    'cloudWatch',
    ['cloudWatch', 'cloudWatchLogGroupName', 'cloudWatchStreamingEnabled', 'cloudWatchEncryptionEnabled'],
  ],
  ['profiles', ['linuxProfile', 'windowsProfile']],
] as const satisfies readonly (readonly [keyof typeof preferencesWords, readonly (keyof Preferences)[]])[];

export function PreferencesTab(): React.JSX.Element {
  const t = useWords(preferencesWords);
  const stored = useLoaded(storedPreferences);
  const action = stored.state === 'loaded' && stored.value.document === undefined ? 'ssm:CreateDocument' : 'ssm:UpdateDocument';
  return (
    <SpaceBetween size="l">
      <Header
        variant="h2"
        actions={
          <PermittedButton
            variant="primary"
            needs={[{ action, on: { document: PREFERENCES } }]}
            onClick={() => go('session-manager', 'preferences', 'edit')}
          >
            {t('edit')}
          </PermittedButton>
        }
      >
        {t('preferences')}
      </Header>
      {stored.state === 'loading' && <Spinner />}
      {stored.state === 'refused' && <Refusal message={stored.message} />}
      {stored.state === 'loaded' && <Shown stored={stored.value} />}
    </SpaceBetween>
  );
}

function Shown({ stored }: { readonly stored: Stored }): React.JSX.Element {
  const t = useWords(preferencesWords);
  const { moment } = useTimes();
  const { document, preferences } = stored;
  return (
    <SpaceBetween size="l">
      <Alert type="info">
        {document === undefined
          ? t('noDocument')
          : t('version', { version: document.DocumentVersion, when: moment(document.CreatedDate) })}
      </Alert>
      {GROUPS.map(([group, fields]) => (
        <Container key={group} header={<Header variant="h3">{t(group)}</Header>}>
          <KeyValuePairs
            columns={2}
            items={fields.map((field: keyof Preferences) => ({
              label: t(field),
              value: <span data-field={field}>{shown(field, preferences, t)}</span>,
            }))}
          />
        </Container>
      ))}
      {(preferences.s3 || preferences.cloudWatch) && <Trial />}
      {document !== undefined && <Versions />}
    </SpaceBetween>
  );
}
