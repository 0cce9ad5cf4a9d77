// One session, running or ended: whose, as whom by which rule, where its log went, and its recording.

import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useCallback } from 'react';
import { became } from '../api/became';
import { session } from '../api/ssm';
import { useTimes, useWords } from '../i18n/language';
import { Recording } from '../recordings/recording';
import { useEvery } from '../shell/every';
import { useLoaded } from '../shell/loaded';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { runsAs, status } from './columns';
import { Deliveries } from './deliveries';
import { sessionWords } from './words';

const REFRESH_MS = 5000;

export default function SessionPage({ sessionId }: { readonly sessionId: string }): React.JSX.Element {
  const t = useWords(sessionWords);
  const { moment } = useTimes();
  const ask = useCallback(async () => {
    const [found, who] = await Promise.all([session(sessionId), became([sessionId])]);
    return { found, who: who.get(sessionId) };
  }, [sessionId]);
  const loaded = useLoaded(ask);
  useEvery(REFRESH_MS, loaded.again);
  if (loaded.state === 'refused') {
    return <Refusal message={loaded.message} />;
  }
  if (loaded.state === 'loading') {
    return <Spinner size="large" />;
  }
  const { found, who } = loaded.value;
  return (
    <SpaceBetween size="l">
      <Header variant="h1">{plain(found.SessionId)}</Header>
      <Container header={<Header variant="h2">{t('about')}</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: t('status'), value: status(found.Status, t) },
            { label: t('owner'), value: plain(found.Owner) },
            { label: t('target'), value: plain(found.Target) },
            { label: t('runsAs'), value: runsAs(who, t) },
            { label: t('started'), value: moment(found.StartDate) },
            { label: t('ended'), value: found.EndDate === undefined ? t('running') : moment(found.EndDate) },
            { label: t('reason'), value: plain(found.Reason ?? '–') },
            { label: t('details'), value: plain(found.Details ?? '–') },
            {
              label: t('log'),
              value: plain(found.OutputUrl?.S3OutputUrl ?? found.OutputUrl?.CloudWatchOutputUrl ?? '–'),
            },
          ]}
        />
      </Container>
      <Deliveries sessionId={found.SessionId} />
      <Recording sessionId={found.SessionId} />
    </SpaceBetween>
  );
}
