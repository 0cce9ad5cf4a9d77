// Ended sessions, newest first, a page at a time: whose, when, as whom, why they ended, where their log is.

import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';
import { useCallback, useEffect, useState } from 'react';
import { type Became, became } from '../api/became';
import { type Session, sessions } from '../api/ssm';
import { useWords } from '../i18n/language';
import { Filter } from '../shell/filter';
import { refusedBy } from '../shell/loaded';
import { Refusal } from '../shell/refusal';
import { matches, useSessionColumns } from './columns';
import { sessionWords } from './words';

interface Found {
  readonly sessions: readonly Session[];
  readonly who: ReadonlyMap<string, Became>;
  readonly next: string | undefined;
}

const NOTHING: Found = { sessions: [], who: new Map(), next: undefined };

export function HistoryTab(): React.JSX.Element {
  const t = useWords(sessionWords);
  const [found, setFound] = useState(NOTHING);
  const [busy, setBusy] = useState(true);
  const [refusal, setRefusal] = useState<string>();
  const [filter, setFilter] = useState('');
  const columns = useSessionColumns(found.who);

  const read = useCallback(async (before: Found): Promise<void> => {
    setBusy(true);
    try {
      const page = await sessions('History', before.next);
      const who = await became(page.Sessions.map(({ SessionId }) => SessionId));
      setFound({
        sessions: [...before.sessions, ...page.Sessions],
        who: new Map([...before.who, ...who]),
        next: page.NextToken,
      });
    } catch (error) {
      setRefusal(refusedBy(error).message);
    } finally {
      setBusy(false);
    }
  }, []);
  useEffect(() => void read(NOTHING), [read]);

  if (refusal !== undefined) {
    return <Refusal message={refusal} />;
  }
  return (
    <Table
      variant="container"
      enableKeyboardNavigation
      wrapLines
      trackBy="SessionId"
      loading={busy && found.sessions.length === 0}
      items={found.sessions.filter((session) => matches(session, filter))}
      empty={t('noSessions')}
      header={<Header variant="h2">{t('history')}</Header>}
      filter={<Filter text={filter} label={t('findSession')} onChange={setFilter} />}
      footer={
        found.next !== undefined && (
          <Button loading={busy} onClick={() => void read(found)}>
            {t('olderSessions')}
          </Button>
        )
      }
      columnDefinitions={[
        columns.id,
        columns.owner,
        columns.target,
        columns.runsAs,
        columns.started,
        columns.ended,
        columns.status,
        columns.reason,
        columns.details,
        columns.log,
      ]}
    />
  );
}
