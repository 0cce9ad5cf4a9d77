// The streams of a log group, those with the latest events first.

import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import Table from '@cloudscape-design/components/table';
import { useCallback, useState } from 'react';
import { deleteGroup, streams } from '../api/logs';
import { useTimes, useWords } from '../i18n/language';
import { Ask } from '../shell/ask';
import { useDoing } from '../shell/doing';
import { useEvery } from '../shell/every';
import { Filter } from '../shell/filter';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { go, to } from '../shell/route';
import { logWords } from './words';

const REFRESH_MS = 5000;

interface LogStreamsProps {
  readonly group: string;
}

export default function LogStreams({ group }: LogStreamsProps): React.JSX.Element {
  const t = useWords(logWords);
  const { moment } = useTimes();
  const found = useLoaded(useCallback(() => streams(group), [group]));
  useEvery(REFRESH_MS, found.again);
  const [filter, setFilter] = useState('');
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const all = found.state === 'loaded' ? found.value : [];
  return (
    <Table
      variant="full-page"
      enableKeyboardNavigation
      trackBy="logStreamName"
      loading={found.state === 'loading'}
      items={all.filter(({ logStreamName }) => logStreamName.toLowerCase().includes(filter.toLowerCase()))}
      empty={t('noStreams')}
      header={
        <Header variant="awsui-h1-sticky" description={t('streams')} actions={<Delete group={group} />}>
          {group}
        </Header>
      }
      filter={<Filter text={filter} label={t('find')} onChange={setFilter} />}
      columnDefinitions={[
        {
          id: 'name',
          header: t('stream'),
          isRowHeader: true,
          cell: ({ logStreamName }) => <Link href={to('log-groups', group, logStreamName)}>{plain(logStreamName)}</Link>,
        },
        {
          id: 'last',
          header: t('lastEvent'),
          cell: ({ lastEventTimestamp: at }) => moment(at === undefined ? undefined : at / 1000),
        },
        { id: 'created', header: t('created'), cell: ({ creationTime }) => moment(creationTime / 1000) },
      ]}
    />
  );
}

function Delete({ group }: LogStreamsProps): React.JSX.Element {
  const t = useWords(logWords);
  const doing = useDoing();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <PermittedButton needs={[{ action: 'logs:DeleteLogGroup', on: { logGroup: group } }]} onClick={() => setAsking(true)}>
        {t('delete')}
      </PermittedButton>
      {asking && (
        <Ask
          title={t('deleteAsk', { group })}
          action={t('delete')}
          doing={doing}
          onAction={() => doing.start(() => deleteGroup(group), () => go('log-groups'))}
          onClosed={() => setAsking(false)}
        >
          <Box>{t('deleteWhat')}</Box>
        </Ask>
      )}
    </>
  );
}
