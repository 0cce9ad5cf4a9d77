// The event history: what was called, by whom, on what and with which outcome, newest first, a page at a time.

import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import { useCallback, useEffect, useRef, useState } from 'react';
import { type AuditEvent, lookUp, type Selection } from '../api/audit';
import { useTimes, useWords } from '../i18n/language';
import { refusedBy } from '../shell/loaded';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { to } from '../shell/route';
import { Proof } from './proof';
import { recordOf } from './record';
import { EVERYTHING, Selector, type Wanted } from './selector';
import { auditWords } from './words';

const HOUR_S = 3600;

interface Found {
  readonly events: readonly AuditEvent[];
  readonly next: string | undefined;
}

const NOTHING: Found = { events: [], next: undefined };

function selection({ attribute, value, hours }: Wanted): Selection {
  const from = hours === 0 ? {} : { from: Date.now() / 1000 - hours * HOUR_S };
  return { attribute, value, ...from };
}

export default function EventHistory(): React.JSX.Element {
  const t = useWords(auditWords);
  const { moment } = useTimes();
  const [wanted, setWanted] = useState(() => selection(EVERYTHING));
  const [found, setFound] = useState(NOTHING);
  const [busy, setBusy] = useState(true);
  const [refusal, setRefusal] = useState<string>();
  const latest = useRef(0);

  /** Reads on behind `before`; a newer question makes this one's answer void. */
  const read = useCallback(async (asked: Selection, before: Found): Promise<void> => {
    latest.current += 1;
    const mine = latest.current;
    setBusy(true);
    setRefusal(undefined);
    try {
      const page = await lookUp(asked, before.next);
      if (mine === latest.current) {
        setFound({ events: [...before.events, ...page.Events], next: page.NextToken });
      }
    } catch (error) {
      if (mine === latest.current) {
        setFound(before);
        setRefusal(refusedBy(error).message);
      }
    } finally {
      if (mine === latest.current) {
        setBusy(false);
      }
    }
  }, []);
  useEffect(() => void read(wanted, NOTHING), [read, wanted]);

  return (
    <SpaceBetween size="m">
      <Header variant="h1" description={t('historyHelp')}>
        {t('history')}
      </Header>
      <Proof />
      {refusal !== undefined && <Refusal message={refusal} />}
      <Table
        enableKeyboardNavigation
        wrapLines
        trackBy="EventId"
        loading={busy && found.events.length === 0}
        items={found.events}
        empty={t('noEvents')}
        filter={<Selector onWanted={(asked) => setWanted(selection(asked))} />}
        footer={
          found.next !== undefined && (
            <Button loading={busy} onClick={() => void read(wanted, found)}>
              {t('older')}
            </Button>
          )
        }
        columnDefinitions={[
          {
            id: 'name',
            header: t('eventName'),
            isRowHeader: true,
            cell: ({ EventId, EventName }) => <Link href={to('audit', EventId)}>{plain(EventName)}</Link>,
          },
          { id: 'time', header: t('eventTime'), cell: ({ EventTime }) => moment(EventTime) },
          { id: 'user', header: t('userName'), cell: ({ Username }) => plain(Username ?? '–') },
          { id: 'source', header: t('eventSource'), cell: ({ EventSource }) => plain(EventSource) },
          {
            id: 'resources',
            header: t('resources'),
            cell: ({ Resources }) => plain(Resources.map(({ ResourceName }) => ResourceName).join(', ')) || '–',
          },
          {
            id: 'outcome',
            header: t('outcome'),
            cell: (event) => <Outcome errorCode={recordOf(event).errorCode} />,
          },
        ]}
      />
    </SpaceBetween>
  );
}

function Outcome({ errorCode }: { readonly errorCode: string | undefined }): React.JSX.Element {
  const t = useWords(auditWords);
  return errorCode === undefined ? (
    <StatusIndicator type="success">{t('served')}</StatusIndicator>
  ) : (
    <StatusIndicator type="error">{plain(errorCode)}</StatusIndicator>
  );
}
