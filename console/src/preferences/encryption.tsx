// KMS encryption of session data: whether, and by which key.

import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useWords } from '../i18n/language';
import type { SectionProps } from './section';
import { TextField } from './text-field';
import { preferencesWords } from './words';

export function Encryption(props: SectionProps): React.JSX.Element {
  const { preferences, change } = props;
  const t = useWords(preferencesWords);
  return (
    <Container header={<Header variant="h2">{t('kmsTitle')}</Header>}>
      <SpaceBetween size="m">
        <Checkbox
          checked={preferences.kms}
          description={t('kmsHelp')}
          onChange={({ detail }) => change({ kms: detail.checked })}
        >
          {t('kms')}
        </Checkbox>
        {preferences.kms && (
          <SpaceBetween size="m">
            <RadioGroup
              ariaLabel={t('kmsKeyId')}
              value="enter"
              items={[
                { value: 'pick', label: t('kmsPick'), description: t('notServed'), disabled: true },
                { value: 'enter', label: t('kmsEnter') },
              ]}
            />
            <TextField {...props} field="kmsKeyId" />
            <Button disabled disabledReason={t('notServed')}>
              {t('kmsCreate')}
            </Button>
          </SpaceBetween>
        )}
      </SpaceBetween>
    </Container>
  );
}
