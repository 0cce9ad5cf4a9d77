// Ended sessions, newest first, a page at a time: whose, when, as whom, why they ended, where their log is.

import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';
import { useCallback, useEffect, useState } from 'react';
import { type Became, became } from '../api/became';
import { type Session, sessions } from '../api/ssm';
import { useWords } from '../i18n/language';
import { useEvery } from '../shell/every';
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

const REFRESH_MS = 5000;

async function pageAfter(next: string | undefined): Promise<Found> {
  const page = await sessions('History', next);
  return { sessions: page.Sessions, who: await became(page.Sessions.map(({ SessionId }) => SessionId)), next: page.NextToken };
}

/** The newest page put before what was read until now. */
function withNewest(before: Found, page: Found): Found {
  const isNew = new Set(page.sessions.map(({ SessionId }) => SessionId));
  const older = before.sessions.filter(({ SessionId }) => !isNew.has(SessionId));
  const next = older.length === 0 ? page.next : before.next;
  return { sessions: [...page.sessions, ...older], who: new Map([...before.who, ...page.who]), next };
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
      const page = await pageAfter(before.next);
      setFound({
        sessions: [...before.sessions, ...page.sessions],
        who: new Map([...before.who, ...page.who]),
        next: page.next,
      });
    } catch (error) {
      setRefusal(refusedBy(error).message);
    } finally {
      setBusy(false);
    }
  }, []);
  useEffect(() => void read(NOTHING), [read]);
  const follow = useCallback(() => {
    // A list that cannot be read just now is read again the next time; what is shown stays true.
    pageAfter(undefined).then(
      (page) => setFound((before) => withNewest(before, page)),
      () => undefined,
    );
  }, []);
  useEvery(REFRESH_MS, follow);

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
      items={found.sessions.filter((one) => matches(one, found.who.get(one.SessionId), filter))}
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
