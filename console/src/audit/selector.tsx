// By what the history is looked up: one attribute and its value, as CloudTrail has it, and how far back.

import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type FormEvent, useState } from 'react';
import { type Attribute, ATTRIBUTES } from '../api/audit';
import { useWords } from '../i18n/language';
import { auditWords } from './words';

/** Hours back; zero is everything. */
const RANGES = [0, 1, 24, 7 * 24, 30 * 24, 90 * 24] as const;
const DAY = 24;

/** What a person looks for. */
export interface Wanted {
  readonly attribute: Attribute;
  readonly value: string;
  readonly hours: number;
}

export const EVERYTHING: Wanted = { attribute: 'Username', value: '', hours: 0 };

interface SelectorProps {
  readonly onWanted: (wanted: Wanted) => void;
}

export function Selector({ onWanted }: SelectorProps): React.JSX.Element {
  const t = useWords(auditWords);
  const [wanted, setWanted] = useState(EVERYTHING);
  const change = (changed: Partial<Wanted>): void => setWanted({ ...wanted, ...changed });
  const attributes = ATTRIBUTES.map((attribute) => ({ value: attribute, label: t(attribute) }));
  const ranges = RANGES.map((hours) => ({ value: String(hours), label: range(hours, t) }));
  const ask = (event: FormEvent): void => {
    event.preventDefault();
    onWanted({ ...wanted, value: wanted.value.trim() });
  };
  return (
    <form onSubmit={ask}>
      <SpaceBetween direction="horizontal" size="s" alignItems="end">
        <FormField label={t('lookUpBy')}>
          <Select
            selectedOption={attributes.find(({ value }) => value === wanted.attribute) ?? null}
            options={attributes}
            onChange={({ detail }) => change({ attribute: detail.selectedOption.value as Attribute })}
          />
        </FormField>
        <FormField label={t('value')}>
          <Input
            type="search"
            value={wanted.value}
            placeholder={t('anything')}
            onChange={({ detail }) => change({ value: detail.value })}
          />
        </FormField>
        <FormField label={t('lastHours')}>
          <Select
            selectedOption={ranges.find(({ value }) => value === String(wanted.hours)) ?? null}
            options={ranges}
            onChange={({ detail }) => change({ hours: Number(detail.selectedOption.value) })}
          />
        </FormField>
        <Button formAction="submit">{t('lookUp')}</Button>
      </SpaceBetween>
    </form>
  );
}

function range(hours: number, t: (key: 'always' | 'hours' | 'days', places?: { count: number }) => string): string {
  if (hours === 0) {
    return t('always');
  }
  return hours > DAY ? t('days', { count: hours / DAY }) : t('hours', { count: hours });
}
