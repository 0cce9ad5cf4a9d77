// How the deliveries of a session's log stand, followed until they are over.

import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import { useCallback } from 'react';
import { deliveries, type Delivery, retryDeliveries } from '../api/recordings';
import { useTimes, useWords } from '../i18n/language';
import { useDoing } from '../shell/doing';
import { useEvery } from '../shell/every';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { sessionWords } from './words';

const REFRESH_MS = 5000;

const TYPES: Readonly<Record<Delivery['State'], StatusIndicatorProps.Type>> = {
  waiting: 'in-progress',
  done: 'success',
  failed: 'error',
};

export function Deliveries({ sessionId }: { readonly sessionId: string }): React.JSX.Element {
  const t = useWords(sessionWords);
  const { moment } = useTimes();
  const found = useLoaded(useCallback(() => deliveries(sessionId), [sessionId]));
  useEvery(REFRESH_MS, found.again);
  const doing = useDoing();
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const problem = ({ Problem, NextTry, FailedTries }: Delivery): string => {
    const next = NextTry === undefined ? '' : t('nextTry', { when: moment(NextTry), count: FailedTries });
    return plain([Problem ?? '', next].filter((part) => part !== '').join(' ')) || '–';
  };
  const logs = found.state === 'loaded' ? found.value : [];
  return (
    <>
      {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
      <Table
        variant="container"
        enableKeyboardNavigation
        wrapLines
        loading={found.state === 'loading'}
        items={logs}
        trackBy={({ LogGroupName, LogStreamName }) => `${LogGroupName} ${LogStreamName}`}
        empty={<Box>{t('noDeliveries')}</Box>}
        header={
          <Header
            variant="h2"
            actions={
              logs.some(({ State }) => State === 'failed') && (
                <PermittedButton
                  loading={doing.busy}
                  needs={[{ action: 'ssm:RetrySessionLogs', on: { session: sessionId } }]}
                  onClick={() => doing.start(() => retryDeliveries(sessionId), found.again)}
                >
                  {t('retry')}
                </PermittedButton>
              )
            }
          >
            {t('logs')}
          </Header>
        }
        columnDefinitions={[
          { id: 'sink', header: t('sink'), isRowHeader: true, cell: ({ LogGroupName }) => plain(LogGroupName) },
          { id: 'stream', header: t('stream'), cell: ({ LogStreamName }) => plain(LogStreamName) },
          {
            id: 'state',
            header: t('status'),
            cell: ({ State }) => <StatusIndicator type={TYPES[State]}>{t(State)}</StatusIndicator>,
          },
          { id: 'problem', header: t('problem'), cell: problem },
        ]}
      />
    </>
  );
}
