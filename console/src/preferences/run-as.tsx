// Run As: the check box, the account's OS user, and the way to the tags.

import Box from '@cloudscape-design/components/box';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useWords } from '../i18n/language';
import { to } from '../shell/route';
import type { SectionProps } from './section';
import { TextField } from './text-field';
import { preferencesWords } from './words';

export function RunAs(props: SectionProps): React.JSX.Element {
  const { preferences, change } = props;
  const t = useWords(preferencesWords);
  return (
    <Container header={<Header variant="h2">{t('runAs')}</Header>}>
      <SpaceBetween size="m">
        <Checkbox
          checked={preferences.runAsEnabled}
          description={t('runAsHelp')}
          onChange={({ detail }) => change({ runAsEnabled: detail.checked })}
        >
          {t('runAsEnabled')}
        </Checkbox>
        {preferences.runAsEnabled && (
          <SpaceBetween size="m">
            <TextField {...props} field="runAsDefaultUser" help="runAsDefaultUserHelp" />
            <Box>
              {t('runAsTag')}{' '}
              <Link external href={to('iam', 'users')} externalIconAriaLabel={t('opensNewTab')}>
                {t('iamConsole')}
              </Link>
            </Box>
          </SpaceBetween>
        )}
      </SpaceBetween>
    </Container>
  );
}
