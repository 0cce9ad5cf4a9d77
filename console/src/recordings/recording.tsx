// The recording of a session: read when somebody asks for it, replayed, searched, carried away, verified.

import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import { lazy, Suspense, useMemo, useState } from 'react';
import { recording, type Verified, verifyRecording } from '../api/recordings';
import { useWords } from '../i18n/language';
import { sessionWords } from '../sessions/words';
import { useDoing } from '../shell/doing';
import { Filter } from '../shell/filter';
import { PermittedButton } from '../shell/permission';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { clock, lines, search, textLog } from './cast';
import { download } from './download';

const Play = lazy(() => import('./player'));

interface RecordingProps {
  readonly sessionId: string;
}

export function Recording({ sessionId }: RecordingProps): React.JSX.Element {
  const t = useWords(sessionWords);
  const reading = useDoing();
  const verifying = useDoing();
  const [cast, setCast] = useState<string>();
  const [verified, setVerified] = useState<Verified>();
  const on = { session: sessionId };
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('recordingHelp')}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <PermittedButton
                loading={verifying.busy}
                needs={[{ action: 'ssm:VerifySessionRecording', on }]}
                onClick={() => verifying.start(() => verifyRecording(sessionId), setVerified)}
              >
                {t('verify')}
              </PermittedButton>
              <PermittedButton
                variant="primary"
                loading={reading.busy}
                needs={[{ action: 'ssm:GetSessionRecording', on }]}
                onClick={() => reading.start(() => recording(sessionId), setCast)}
              >
                {t('replay')}
              </PermittedButton>
            </SpaceBetween>
          }
        >
          {t('recording')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {verified !== undefined && <Verdict verified={verified} />}
        {verifying.refusal !== undefined && <Refusal message={plain(verifying.refusal)} />}
        {reading.refusal !== undefined && <Refusal message={plain(reading.refusal)} />}
        {cast !== undefined && <Shown sessionId={sessionId} cast={cast} />}
      </SpaceBetween>
    </Container>
  );
}

function Verdict({ verified }: { readonly verified: Verified }): React.JSX.Element {
  const t = useWords(sessionWords);
  return (
    <SpaceBetween size="xs">
      {verified.IsIntact ? (
        <StatusIndicator>{t('intact')}</StatusIndicator>
      ) : (
        <StatusIndicator type="error">{t('damaged', { problem: plain(verified.Problem ?? '') })}</StatusIndicator>
      )}
      {verified.Lost !== undefined && (
        <StatusIndicator type="warning">{t('lost', { why: plain(verified.Lost) })}</StatusIndicator>
      )}
    </SpaceBetween>
  );
}

interface ShownProps extends RecordingProps {
  readonly cast: string;
}

function Shown({ sessionId, cast }: ShownProps): React.JSX.Element {
  const t = useWords(sessionWords);
  const [wanted, setWanted] = useState('');
  const [seek, setSeek] = useState<{ readonly at: number }>();
  const all = useMemo(() => lines(cast), [cast]);
  const found = search(all, wanted);
  return (
    <SpaceBetween size="m">
      <SpaceBetween direction="horizontal" size="xs">
        <Button iconName="download" onClick={() => download(`${sessionId}.log`, 'text/plain', textLog(cast))}>
          {t('downloadText')}
        </Button>
        <Button iconName="download" onClick={() => download(`${sessionId}.cast`, 'application/x-asciicast', cast)}>
          {t('downloadCast')}
        </Button>
      </SpaceBetween>
      <Suspense fallback={<Spinner />}>
        <Play cast={cast} seek={seek} label={t('player', { id: sessionId })} />
      </Suspense>
      <Filter text={wanted} label={t('searchRecording')} onChange={setWanted} />
      {wanted !== '' && (
        <Table
          variant="embedded"
          enableKeyboardNavigation
          wrapLines
          header={<Header variant="h3">{t('foundCount', { count: found.length })}</Header>}
          items={found}
          columnDefinitions={[
            {
              id: 'time',
              header: t('time'),
              cell: ({ at }) => (
                <Button variant="inline-link" ariaLabel={t('jump', { time: clock(at) })} onClick={() => setSeek({ at })}>
                  {clock(at)}
                </Button>
              ),
            },
            { id: 'line', header: t('line'), isRowHeader: true, cell: ({ text }) => plain(text) },
          ]}
        />
      )}
    </SpaceBetween>
  );
}
