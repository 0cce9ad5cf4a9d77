// Times and shell profiles.

import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import { useWords } from '../i18n/language';
import type { SectionProps } from './section';
import { TextField } from './text-field';
import { preferencesWords } from './words';

export function Times(props: SectionProps): React.JSX.Element {
  const { preferences, change } = props;
  const t = useWords(preferencesWords);
  return (
    <Container header={<Header variant="h2">{t('general')}</Header>}>
      <SpaceBetween size="m">
        <TextField {...props} field="idleSessionTimeout" help="idleHelp" type="number" />
        <Checkbox
          checked={preferences.limitDuration}
          onChange={({ detail }) => change({ limitDuration: detail.checked })}
        >
          {t('limitDuration')}
        </Checkbox>
        {preferences.limitDuration && (
          <TextField {...props} field="maxSessionDuration" help="maximumHelp" type="number" />
        )}
      </SpaceBetween>
    </Container>
  );
}

export function Profiles({ preferences, change, fault }: SectionProps): React.JSX.Element {
  const t = useWords(preferencesWords);
  return (
    <Container header={<Header variant="h2">{t('profiles')}</Header>}>
      <SpaceBetween size="m">
        {(['linuxProfile', 'windowsProfile'] as const).map((field) => (
          <FormField key={field} label={t(field)} constraintText={t('optional')} errorText={fault(field)}>
            <Textarea
              value={preferences[field]}
              spellcheck={false}
              onChange={({ detail }) => change({ [field]: detail.value })}
            />
          </FormField>
        ))}
      </SpaceBetween>
    </Container>
  );
}
