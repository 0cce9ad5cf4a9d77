// One labelled text of the form, with what is wrong with it.

import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useWords } from '../i18n/language';
import type { Preferences } from './inputs';
import type { SectionProps } from './section';
import { preferencesWords } from './words';

type TextKeys = { [K in keyof Preferences]: Preferences[K] extends string ? K : never }[keyof Preferences];

interface TextFieldProps extends SectionProps {
  readonly field: TextKeys & keyof typeof preferencesWords;
  readonly help?: keyof typeof preferencesWords;
  readonly type?: 'text' | 'number';
}

export function TextField(props: TextFieldProps): React.JSX.Element {
  const { field, help, type, preferences, change, fault } = props;
  const t = useWords(preferencesWords);
  return (
    <FormField
      label={t(field)}
      constraintText={help === undefined ? undefined : t(help)}
      errorText={fault(field)}
    >
      <Input
        value={preferences[field]}
        type={type ?? 'text'}
        inputMode={type === 'number' ? 'numeric' : 'text'}
        spellcheck={false}
        autoComplete={false}
        onChange={({ detail }) => change({ [field]: detail.value })}
      />
    </FormField>
  );
}
