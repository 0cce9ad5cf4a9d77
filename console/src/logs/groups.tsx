// The log groups of the account.

import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Link from '@cloudscape-design/components/link';
import Select from '@cloudscape-design/components/select';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import { createGroup, groups, type LogGroup, setRetention } from '../api/logs';
import { useLanguage, useTimes, useWords } from '../i18n/language';
import { Ask } from '../shell/ask';
import { useDoing } from '../shell/doing';
import { Filter } from '../shell/filter';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { to } from '../shell/route';
import { logWords } from './words';

/** Some of the periods that CloudWatch Logs knows. */
const DAYS = [1, 7, 14, 30, 60, 90, 180, 365, 731, 1827, 3653];

export default function LogGroups(): React.JSX.Element {
  const t = useWords(logWords);
  const language = useLanguage();
  const { moment } = useTimes();
  const found = useLoaded(groups);
  const [filter, setFilter] = useState('');
  const [creating, setCreating] = useState(false);
  const [keeping, setKeeping] = useState<LogGroup>();
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const all = found.state === 'loaded' ? found.value : [];
  const closed = (): void => {
    setCreating(false);
    setKeeping(undefined);
    found.again();
  };
  return (
    <>
      <Table
        variant="full-page"
        enableKeyboardNavigation
        trackBy="logGroupName"
        loading={found.state === 'loading'}
        items={all.filter(({ logGroupName }) => logGroupName.toLowerCase().includes(filter.toLowerCase()))}
        empty={t('none')}
        header={
          <Header
            variant="awsui-h1-sticky"
            counter={`(${all.length})`}
            actions={
              <PermittedButton variant="primary" needs={[{ action: 'logs:CreateLogGroup' }]} onClick={() => setCreating(true)}>
                {t('create')}
              </PermittedButton>
            }
          >
            {t('groups')}
          </Header>
        }
        filter={<Filter text={filter} label={t('find')} onChange={setFilter} />}
        columnDefinitions={[
          {
            id: 'name',
            header: t('group'),
            isRowHeader: true,
            cell: ({ logGroupName }) => <Link href={to('log-groups', logGroupName)}>{logGroupName}</Link>,
          },
          {
            id: 'retention',
            header: t('retention'),
            cell: (group) => (
              <Button
                variant="inline-link"
                ariaLabel={t('editRetention', { group: group.logGroupName })}
                onClick={() => setKeeping(group)}
              >
                {group.retentionInDays === undefined ? t('never') : t('days', { count: group.retentionInDays })}
              </Button>
            ),
          },
          { id: 'stored', header: t('stored'), cell: ({ storedBytes }) => storedBytes.toLocaleString(language) },
          { id: 'key', header: t('key'), cell: ({ kmsKeyId }) => kmsKeyId ?? '–' },
          { id: 'created', header: t('created'), cell: ({ creationTime }) => moment(creationTime / 1000) },
        ]}
      />
      {creating && <Create onClosed={closed} />}
      {keeping !== undefined && <Keep group={keeping} onClosed={closed} />}
    </>
  );
}

function Create({ onClosed }: { readonly onClosed: () => void }): React.JSX.Element {
  const t = useWords(logWords);
  const doing = useDoing();
  const [name, setName] = useState('');
  return (
    <Ask
      title={t('create')}
      action={t('createShort')}
      doing={doing}
      disabled={name === ''}
      onAction={() => doing.start(() => createGroup(name), onClosed)}
      onClosed={onClosed}
    >
      <FormField label={t('groupName')}>
        <Input value={name} spellcheck={false} autoComplete={false} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
    </Ask>
  );
}

interface KeepProps {
  readonly group: LogGroup;
  readonly onClosed: () => void;
}

function Keep({ group, onClosed }: KeepProps): React.JSX.Element {
  const t = useWords(logWords);
  const doing = useDoing();
  const [days, setDays] = useState(group.retentionInDays);
  const options = [
    { value: '', label: t('never') },
    ...DAYS.map((count) => ({ value: String(count), label: t('days', { count }) })),
  ];
  return (
    <Ask
      title={t('retentionTitle')}
      action={t('save')}
      doing={doing}
      onAction={() => doing.start(() => setRetention(group.logGroupName, days), onClosed)}
      onClosed={onClosed}
    >
      <FormField label={t('retention')}>
        <Select
          selectedOption={options.find(({ value }) => value === String(days ?? '')) ?? null}
          options={options}
          onChange={({ detail: { selectedOption: { value } } }) =>
            setDays(value === undefined || value === '' ? undefined : Number(value))
          }
        />
      </FormField>
    </Ask>
  );
}
