// Where session logs go: S3, CloudWatch Logs, both or neither.

import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { logGroups } from '../api/logs';
import { buckets } from '../api/s3';
import { useWords } from '../i18n/language';
import { useLoaded } from '../shell/loaded';
import { PickOrEnter } from './pick-or-enter';
import type { SectionProps } from './section';
import { TextField } from './text-field';
import { preferencesWords } from './words';

export function S3Logging(props: SectionProps): React.JSX.Element {
  const { preferences, change } = props;
  const t = useWords(preferencesWords);
  const names = useLoaded(buckets);
  return (
    <Container header={<Header variant="h2">{t('s3')}</Header>}>
      <SpaceBetween size="m">
        <Checkbox
          checked={preferences.s3}
          ariaLabel={`${t('s3')}: ${t('enable')}`}
          onChange={({ detail }) => change({ s3: detail.checked })}
        >
          {t('enable')}
        </Checkbox>
        {preferences.s3 && (
          <SpaceBetween size="m">
            <Checkbox
              checked={preferences.s3EncryptionEnabled}
              description={t('recommended')}
              onChange={({ detail }) => change({ s3EncryptionEnabled: detail.checked })}
            >
              {t('s3EncryptionEnabled')}
            </Checkbox>
            <PickOrEnter {...props} field="s3BucketName" pick="s3Pick" enter="s3Enter" names={names} />
            <TextField {...props} field="s3KeyPrefix" help="optional" />
          </SpaceBetween>
        )}
      </SpaceBetween>
    </Container>
  );
}

export function CloudWatchLogging(props: SectionProps): React.JSX.Element {
  const { preferences, change } = props;
  const t = useWords(preferencesWords);
  const groups = useLoaded(logGroups);
  return (
    <Container header={<Header variant="h2">{t('cloudWatch')}</Header>}>
      <SpaceBetween size="m">
        <Checkbox
          checked={preferences.cloudWatch}
          ariaLabel={`${t('cloudWatch')}: ${t('enable')}`}
          onChange={({ detail }) => change({ cloudWatch: detail.checked })}
        >
          {t('enable')}
        </Checkbox>
        {preferences.cloudWatch && (
          <SpaceBetween size="m">
            <RadioGroup
              ariaLabel={t('cloudWatchStreamingEnabled')}
              value={preferences.cloudWatchStreamingEnabled ? 'stream' : 'upload'}
              onChange={({ detail }) =>
                change({ cloudWatchStreamingEnabled: detail.value === 'stream' })
              }
              items={[
                { value: 'stream', label: t('streaming'), description: t('recommended') },
                { value: 'upload', label: t('upload') },
              ]}
            />
            <Checkbox
              checked={preferences.cloudWatchEncryptionEnabled}
              description={t('recommended')}
              onChange={({ detail }) => change({ cloudWatchEncryptionEnabled: detail.checked })}
            >
              {t('cloudWatchEncryptionEnabled')}
            </Checkbox>
            <PickOrEnter
              {...props}
              field="cloudWatchLogGroupName"
              pick="groupPick"
              enter="groupEnter"
              names={groups}
            />
          </SpaceBetween>
        )}
      </SpaceBetween>
    </Container>
  );
}
