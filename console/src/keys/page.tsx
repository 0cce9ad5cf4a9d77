// The KMS keys of the account: what they are called, whether they can be used, and their end.

import Box from '@cloudscape-design/components/box';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import { cancelDeletion, type Key, keys, scheduleDeletion, switchKey } from '../api/kms';
import { useTimes, useWords } from '../i18n/language';
import { NewKey } from '../preferences/new-key';
import { Ask } from '../shell/ask';
import { useDoing } from '../shell/doing';
import { Filter } from '../shell/filter';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { keyWords } from './words';

/** KMS's own default. */
const WAITING_DAYS = '30';

/** What a person knows the key by. */
function keyName({ aliases, KeyId }: Key): string {
  return aliases[0] ?? KeyId;
}

export default function Keys(): React.JSX.Element {
  const t = useWords(keyWords);
  const { moment } = useTimes();
  const found = useLoaded(keys);
  const doing = useDoing();
  const [filter, setFilter] = useState('');
  const [leaving, setLeaving] = useState<Key>();
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const all = found.state === 'loaded' ? found.value : [];
  const matches = (key: Key): boolean =>
    [key.KeyId, ...key.aliases].some((text) => text.toLowerCase().includes(filter.toLowerCase()));
  return (
    <>
      {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
      <Table
        variant="full-page"
        enableKeyboardNavigation
        trackBy="KeyId"
        loading={found.state === 'loading'}
        items={all.filter(matches)}
        empty={t('none')}
        header={
          <Header variant="awsui-h1-sticky" counter={`(${all.length})`} actions={<NewKey onMade={found.again} />}>
            {t('keys')}
          </Header>
        }
        filter={<Filter text={filter} label={t('find')} onChange={setFilter} />}
        columnDefinitions={[
          { id: 'alias', header: t('alias'), isRowHeader: true, cell: ({ aliases }) => aliases.join(', ') || '–' },
          { id: 'id', header: t('keyId'), cell: ({ KeyId }) => KeyId },
          { id: 'status', header: t('status'), cell: (key) => <Status of={key} /> },
          { id: 'description', header: t('description'), cell: ({ Description }) => plain(Description) },
          { id: 'created', header: t('created'), cell: ({ CreationDate }) => moment(CreationDate) },
          {
            id: 'actions',
            header: t('actions'),
            cell: (key) => (
              <Actions
                of={key}
                onAct={(act) => doing.start(act, found.again)}
                onSchedule={() => setLeaving(key)}
              />
            ),
          },
        ]}
      />
      {leaving !== undefined && (
        <Schedule
          of={leaving}
          onClosed={() => {
            setLeaving(undefined);
            found.again();
          }}
        />
      )}
    </>
  );
}

function Status({ of: { KeyState, DeletionDate } }: { readonly of: Key }): React.JSX.Element {
  const t = useWords(keyWords);
  const { moment } = useTimes();
  switch (KeyState) {
    case 'Enabled':
      return <StatusIndicator>{t('Enabled')}</StatusIndicator>;
    case 'Disabled':
      return <StatusIndicator type="stopped">{t('Disabled')}</StatusIndicator>;
    case 'PendingDeletion':
      return <StatusIndicator type="warning">{t('PendingDeletion', { when: moment(DeletionDate) })}</StatusIndicator>;
    default:
      return <>{KeyState}</>;
  }
}

interface ActionsProps {
  readonly of: Key;
  readonly onAct: (act: () => Promise<unknown>) => void;
  readonly onSchedule: () => void;
}

function Actions({ of: key, onAct, onSchedule }: ActionsProps): React.JSX.Element {
  const t = useWords(keyWords);
  const name = keyName(key);
  if (key.KeyState === 'PendingDeletion') {
    return (
      <PermittedButton
        needs={[{ action: 'kms:CancelKeyDeletion', on: { key: key.KeyId } }]}
        ariaLabel={t('cancelKeyDeletion', { key: name })}
        onClick={() => onAct(() => cancelDeletion(key.KeyId))}
      >
        {t('cancelDeletion')}
      </PermittedButton>
    );
  }
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <PermittedButton
        needs={[{ action: key.Enabled ? 'kms:DisableKey' : 'kms:EnableKey', on: { key: key.KeyId } }]}
        ariaLabel={t(key.Enabled ? 'disableKey' : 'enableKey', { key: name })}
        onClick={() => onAct(() => switchKey(key.KeyId, !key.Enabled))}
      >
        {t(key.Enabled ? 'disable' : 'enable')}
      </PermittedButton>
      <PermittedButton
        needs={[{ action: 'kms:ScheduleKeyDeletion', on: { key: key.KeyId } }]}
        ariaLabel={t('scheduleKey', { key: name })}
        onClick={onSchedule}
      >
        {t('schedule')}
      </PermittedButton>
    </SpaceBetween>
  );
}

function Schedule({ of: key, onClosed }: { readonly of: Key; readonly onClosed: () => void }): React.JSX.Element {
  const t = useWords(keyWords);
  const doing = useDoing();
  const [days, setDays] = useState(WAITING_DAYS);
  return (
    <Ask
      title={t('scheduleKey', { key: keyName(key) })}
      action={t('schedule')}
      doing={doing}
      onAction={() => doing.start(() => scheduleDeletion(key.KeyId, Number(days)), onClosed)}
      onClosed={onClosed}
    >
      <Box>{t('scheduleWhat')}</Box>
      <FormField label={t('days')}>
        <Input value={days} type="number" inputMode="numeric" onChange={({ detail }) => setDays(detail.value)} />
      </FormField>
    </Ask>
  );
}
