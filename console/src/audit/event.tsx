// One event of the audit trail: who, from where, what decided it, and the record itself.

import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Table from '@cloudscape-design/components/table';
import { useCallback } from 'react';
import { auditEvent } from '../api/audit';
import { useTimes, useWords } from '../i18n/language';
import { useLoaded } from '../shell/loaded';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { recordOf } from './record';
import { auditWords } from './words';

export default function EventPage({ id }: { readonly id: string }): React.JSX.Element {
  const t = useWords(auditWords);
  const { moment } = useTimes();
  const found = useLoaded(useCallback(() => auditEvent(id), [id]));
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  if (found.state === 'loading') {
    return <Spinner size="large" />;
  }
  const event = found.value;
  const record = recordOf(event);
  const error = [record.errorCode, record.errorMessage].filter((part) => part !== undefined).join(': ');
  return (
    <SpaceBetween size="l">
      <Header variant="h1">{plain(event.EventName)}</Header>
      <Container header={<Header variant="h2">{t('details')}</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: t('eventTime'), value: moment(event.EventTime) },
            { label: t('userName'), value: plain(event.Username ?? '–') },
            { label: t('eventSource'), value: plain(event.EventSource) },
            { label: t('accessKey'), value: plain(record.accessKeyId ?? '–') },
            { label: t('sourceIp'), value: plain(record.sourceIPAddress ?? '–') },
            { label: t('requestId'), value: plain(record.requestID ?? '–') },
            { label: t('eventId'), value: plain(event.EventId) },
            {
              label: t('resources'),
              value: plain(event.Resources.map(({ ResourceName }) => ResourceName).join(', ')) || '–',
            },
            { label: t('error'), value: plain(error) || '–' },
          ]}
        />
      </Container>
      <Table
        variant="container"
        enableKeyboardNavigation
        wrapLines
        items={record.decisions}
        empty={t('noDecisions')}
        header={<Header variant="h2">{t('decisions')}</Header>}
        columnDefinitions={[
          { id: 'action', header: t('action'), isRowHeader: true, cell: ({ action }) => plain(action) },
          { id: 'resource', header: t('resource'), cell: ({ resource }) => plain(resource) },
          { id: 'decision', header: t('decision'), cell: ({ decision }) => plain(decision) },
        ]}
      />
      <Container header={<Header variant="h2">{t('record')}</Header>}>
        <Box variant="code">
          <div className="usher-record" data-testid="record" tabIndex={0} role="region" aria-label={t('record')}>
            {record.text.split('\n').map(plain).join('\n')}
          </div>
        </Box>
      </Container>
    </SpaceBetween>
  );
}
