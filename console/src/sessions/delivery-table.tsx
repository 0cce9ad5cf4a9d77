// Deliveries of logs, a row for each destination: how it stands, and what is the matter where something is.

import Box from '@cloudscape-design/components/box';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import type { ReactNode } from 'react';
import type { Delivery } from '../api/recordings';
import { useTimes, useWords } from '../i18n/language';
import { plain } from '../shell/plain-text';
import { sessionWords } from './words';

const TYPES: Readonly<Record<Delivery['State'], StatusIndicatorProps.Type>> = {
  node: 'in-progress',
  waiting: 'in-progress',
  done: 'success',
  failed: 'error',
};

/** The log group or bucket, and the stream or object in it. */
function place({ LogGroupName, LogStreamName, S3BucketName, S3Key }: Delivery): readonly [string, string] {
  return [plain(LogGroupName ?? S3BucketName ?? ''), plain(LogStreamName ?? S3Key ?? '')];
}

interface DeliveryTableProps {
  readonly deliveries: readonly Delivery[];
  readonly loading: boolean;
  readonly header: ReactNode;
}

export function DeliveryTable({ deliveries, loading, header }: DeliveryTableProps): React.JSX.Element {
  const t = useWords(sessionWords);
  const { moment } = useTimes();
  const problem = ({ Problem, NextTry, FailedTries }: Delivery): string => {
    const next = NextTry === undefined ? '' : t('nextTry', { when: moment(NextTry), count: FailedTries });
    return plain([Problem ?? '', next].filter((part) => part !== '').join(' ')) || '–';
  };
  return (
    <Table
      variant="container"
      enableKeyboardNavigation
      wrapLines
      loading={loading}
      items={deliveries}
      trackBy={(delivery) => [delivery.Sink, ...place(delivery)].join(' ')}
      empty={<Box>{t('noDeliveries')}</Box>}
      header={header}
      columnDefinitions={[
        { id: 'sink', header: t('sink'), isRowHeader: true, cell: ({ Sink }) => t(Sink === 's3' ? 'toS3' : 'toLogs') },
        { id: 'container', header: t('container'), cell: (delivery) => place(delivery)[0] },
        { id: 'name', header: t('nameThere'), cell: (delivery) => place(delivery)[1] },
        {
          id: 'state',
          header: t('status'),
          cell: ({ State }) => <StatusIndicator type={TYPES[State]}>{t(State)}</StatusIndicator>,
        },
        { id: 'problem', header: t('problem'), cell: problem },
      ]}
    />
  );
}
