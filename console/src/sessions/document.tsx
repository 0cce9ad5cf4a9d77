// Which document a session is started by, and the values of its parameters. Without one, the account's preferences say
// what starts: a shell. What needs no terminal is not for this page, and says so.

import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useCallback } from 'react';
import { type Parameter, type SessionDocument, sessionDocument, sessionDocuments } from '../api/documents';
import { useWords } from '../i18n/language';
import { useLoaded } from '../shell/loaded';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { sessionWords } from './words';

/** What is started, as far as a document decides it. */
export interface Choice {
  /** Undefined: the account's preferences. */
  readonly document: string | undefined;
  /** Values that differ from the document's own. */
  readonly parameters: Readonly<Record<string, string>>;
}

export const SHELL: Choice = { document: undefined, parameters: {} };

const ON_TERMINAL = ['Standard_Stream', 'InteractiveCommands'];
const PREFERENCES = '';

interface DocumentProps {
  readonly choice: Choice;
  readonly onChoice: (choice: Choice) => void;
}

export function ChooseDocument({ choice, onChoice }: DocumentProps): React.JSX.Element {
  const t = useWords(sessionWords);
  const names = useLoaded(sessionDocuments);
  const shell = { value: PREFERENCES, label: t('byPreferences') };
  const options = [shell, ...(names.state === 'loaded' ? names.value : []).map((name) => ({ value: name, label: plain(name) }))];
  const chosen = options.find(({ value }) => value === (choice.document ?? PREFERENCES)) ?? null;
  return (
    <SpaceBetween size="m">
      <FormField
        label={t('document')}
        {...(names.state === 'refused' ? { constraintText: names.message } : {})}
      >
        <Select
          selectedOption={chosen}
          options={options}
          filteringType="auto"
          statusType={names.state === 'loading' ? 'loading' : 'finished'}
          onChange={({ detail }) => onChoice({ document: detail.selectedOption.value || undefined, parameters: {} })}
        />
      </FormField>
      {choice.document !== undefined && (
        <Chosen key={choice.document} name={choice.document} choice={choice} onChoice={onChoice} />
      )}
    </SpaceBetween>
  );
}

function Chosen({ name, choice, onChoice }: DocumentProps & { readonly name: string }): React.JSX.Element {
  const t = useWords(sessionWords);
  const found = useLoaded(useCallback(() => sessionDocument(name), [name]));
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  if (found.state === 'loading') {
    return <Spinner />;
  }
  const { sessionType } = found.value;
  if (!ON_TERMINAL.includes(sessionType)) {
    return <Alert type="warning">{t('notOnTerminal', { type: plain(sessionType) })}</Alert>;
  }
  return <Parameters document={found.value} choice={choice} onChoice={onChoice} />;
}

function Parameters({ document, choice, onChoice }: DocumentProps & { readonly document: SessionDocument }): React.JSX.Element {
  const set = (name: string, value: string): void =>
    onChoice({ ...choice, parameters: { ...choice.parameters, [name]: value } });
  return (
    <SpaceBetween size="m">
      {document.description !== '' && <Box color="text-body-secondary">{plain(document.description)}</Box>}
      {document.parameters.map((parameter) => (
        <Value
          key={parameter.name}
          parameter={parameter}
          value={choice.parameters[parameter.name] ?? parameter.byDefault ?? ''}
          onValue={(value) => set(parameter.name, value)}
        />
      ))}
    </SpaceBetween>
  );
}

interface ValueProps {
  readonly parameter: Parameter;
  readonly value: string;
  readonly onValue: (value: string) => void;
}

function Value({ parameter, value, onValue }: ValueProps): React.JSX.Element {
  const t = useWords(sessionWords);
  const { name, description, byDefault, allowedValues, allowedPattern } = parameter;
  const hints = [
    byDefault === undefined ? t('valueNeeded') : '',
    allowedPattern === undefined ? '' : t('valuePattern', { pattern: plain(allowedPattern) }),
  ];
  return (
    <FormField label={plain(name)} description={plain(description)} constraintText={hints.filter((hint) => hint !== '').join(' ')}>
      {allowedValues.length > 0 ? (
        <Select
          selectedOption={allowedValues.includes(value) ? { value, label: plain(value) } : null}
          options={allowedValues.map((allowed) => ({ value: allowed, label: plain(allowed) }))}
          placeholder={t('choose')}
          onChange={({ detail }) => onValue(detail.selectedOption.value ?? '')}
        />
      ) : (
        <Input value={value} spellcheck={false} onChange={({ detail }) => onValue(detail.value)} />
      )}
    </FormField>
  );
}
