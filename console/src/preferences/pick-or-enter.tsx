// A name that is picked from a list of what there is, or entered. Where the list cannot be had, its refusal is said.

import FormField from '@cloudscape-design/components/form-field';
import RadioGroup from '@cloudscape-design/components/radio-group';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useWords } from '../i18n/language';
import type { Loaded } from '../shell/loaded';
import type { SectionProps } from './section';
import { TextField } from './text-field';
import { preferencesWords } from './words';

interface PickOrEnterProps extends SectionProps {
  readonly field: 'kmsKeyId' | 's3BucketName' | 'cloudWatchLogGroupName';
  readonly pick: keyof typeof preferencesWords;
  readonly enter: keyof typeof preferencesWords;
  readonly names: Loaded<readonly string[]>;
}

export function PickOrEnter({ pick, enter, names, ...props }: PickOrEnterProps): React.JSX.Element {
  const { field, preferences, change, fault } = props;
  const t = useWords(preferencesWords);
  const value = preferences[field];
  const [picks, setPicks] = useState(false);
  const found = names.state === 'loaded' ? names.value : [];
  return (
    <SpaceBetween size="m">
      <RadioGroup
        ariaLabel={t(field)}
        value={picks ? 'pick' : 'enter'}
        onChange={({ detail }) => setPicks(detail.value === 'pick')}
        items={[
          {
            value: 'pick',
            label: t(pick),
            disabled: names.state === 'refused',
            ...(names.state === 'refused' ? { description: names.message } : {}),
          },
          { value: 'enter', label: t(enter) },
        ]}
      />
      {picks ? (
        <FormField label={t(field)} errorText={fault(field)}>
          <Select
            selectedOption={found.includes(value) ? { value } : null}
            options={found.map((name) => ({ value: name }))}
            placeholder={t('choose')}
            empty={t('nothingToChoose')}
            onChange={({ detail }) => change({ [field]: detail.selectedOption.value ?? '' })}
          />
        </FormField>
      ) : (
        <TextField {...props} />
      )}
    </SpaceBetween>
  );
}
