// KMS encryption of session data: whether, and by which key.

import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { aliases } from '../api/kms';
import { useWords } from '../i18n/language';
import { useLoaded } from '../shell/loaded';
import { NewKey } from './new-key';
import { PickOrEnter } from './pick-or-enter';
import type { SectionProps } from './section';
import { preferencesWords } from './words';

export function Encryption(props: SectionProps): React.JSX.Element {
  const { preferences, change } = props;
  const t = useWords(preferencesWords);
  const keys = useLoaded(aliases);
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
            <PickOrEnter {...props} field="kmsKeyId" pick="kmsPick" enter="kmsEnter" names={keys} />
            <NewKey
              onMade={(kmsKeyId) => {
                keys.again();
                change({ kmsKeyId });
              }}
            />
          </SpaceBetween>
        )}
      </SpaceBetween>
    </Container>
  );
}
