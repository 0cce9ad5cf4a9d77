// The running sessions: start one, go to one of one's own, end one.

import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { useCallback, useState } from 'react';
import { became } from '../api/became';
import { type Session, sessions, terminateSession } from '../api/ssm';
import { useWords } from '../i18n/language';
import { useEvery } from '../shell/every';
import { Filter } from '../shell/filter';
import { refusedBy, useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { go } from '../shell/route';
import { matches, useSessionColumns } from './columns';
import { sessionWords } from './words';

const REFRESH_MS = 3000;

async function running(): Promise<{ sessions: Session[]; who: Awaited<ReturnType<typeof became>> }> {
  const { Sessions } = await sessions('Active');
  return { sessions: Sessions, who: await became(Sessions.map(({ SessionId }) => SessionId)) };
}

export function SessionsTab(): React.JSX.Element {
  const t = useWords(sessionWords);
  const found = useLoaded(running);
  useEvery(REFRESH_MS, found.again);
  const [filter, setFilter] = useState('');
  const [selected, setSelected] = useState<string>();
  const [asking, setAsking] = useState(false);
  const loaded = found.state === 'loaded' ? found.value : { sessions: [], who: new Map() };
  const columns = useSessionColumns(loaded.who);
  const session = loaded.sessions.find(({ SessionId }) => SessionId === selected);
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  return (
    <>
      <Table
        variant="container"
        enableKeyboardNavigation
        selectionType="single"
        trackBy="SessionId"
        loading={found.state === 'loading'}
        items={loaded.sessions.filter((one) => matches(one, loaded.who.get(one.SessionId), filter))}
        selectedItems={session === undefined ? [] : [session]}
        onSelectionChange={({ detail }) => setSelected(detail.selectedItems[0]?.SessionId)}
        ariaLabels={{
          selectionGroupLabel: t('sessions'),
          itemSelectionLabel: (_, item) => t('selectSession', { id: item.SessionId }),
        }}
        empty={t('noSessions')}
        header={
          <Header
            variant="h2"
            counter={`(${loaded.sessions.length})`}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button
                  disabled={session === undefined}
                  onClick={() => session !== undefined && go('session-manager', 'terminal', session.SessionId)}
                >
                  {t('connect')}
                </Button>
                <PermittedButton
                  disabled={session === undefined}
                  needs={session === undefined ? [] : [{ action: 'ssm:TerminateSession', on: { session: session.SessionId } }]}
                  onClick={() => setAsking(true)}
                >
                  {t('terminate')}
                </PermittedButton>
                <PermittedButton
                  variant="primary"
                  needs={[{ action: 'ssm:DescribeInstanceInformation' }]}
                  onClick={() => go('session-manager', 'start')}
                >
                  {t('start')}
                </PermittedButton>
              </SpaceBetween>
            }
          >
            {t('sessions')}
          </Header>
        }
        filter={<Filter text={filter} label={t('findSession')} onChange={setFilter} />}
        columnDefinitions={[
          columns.id,
          columns.owner,
          columns.target,
          columns.runsAs,
          columns.started,
          columns.reason,
          columns.status,
        ]}
      />
      {asking && session !== undefined && (
        <Terminate
          session={session}
          onClosed={() => {
            setAsking(false);
            found.again();
          }}
        />
      )}
    </>
  );
}

interface TerminateProps {
  readonly session: Session;
  readonly onClosed: () => void;
}

function Terminate({ session, onClosed }: TerminateProps): React.JSX.Element {
  const t = useWords(sessionWords);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const terminate = useCallback(() => {
    setBusy(true);
    terminateSession(session.SessionId)
      .then(onClosed)
      .catch((error: unknown) => setRefusal(refusedBy(error).message))
      .finally(() => setBusy(false));
  }, [session, onClosed]);
  return (
    <Modal
      visible
      onDismiss={onClosed}
      header={t('terminateAsk')}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClosed}>
              {t('cancel')}
            </Button>
            <Button variant="primary" loading={busy} onClick={terminate}>
              {t('terminate')}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Box>{t('terminateWhat', { id: session.SessionId, owner: session.Owner })}</Box>
        {refusal !== undefined && <Refusal message={refusal} />}
      </SpaceBetween>
    </Modal>
  );
}
