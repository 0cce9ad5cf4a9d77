// How the trail stands: whether it can be written, and how far signatures prove it. Silent for who may not ask.

import Alert from '@cloudscape-design/components/alert';
import { trailStatus, type TrailStatus } from '../api/audit';
import { useTimes, useWords } from '../i18n/language';
import { useEvery } from '../shell/every';
import { useLoaded } from '../shell/loaded';
import { plain } from '../shell/plain-text';
import { auditWords } from './words';

const REFRESH_MS = 10_000;

export function Proof(): React.JSX.Element | null {
  const found = useLoaded(trailStatus);
  useEvery(REFRESH_MS, found.again);
  return found.state === 'loaded' ? <Standing status={found.value} /> : null;
}

function Standing({ status }: { readonly status: TrailStatus }): React.JSX.Element {
  const t = useWords(auditWords);
  const { moment } = useTimes();
  const { IsLogging, LatestDigestDeliveryTime: signed, LatestDigestDeliveryError: problem } = status;
  if (!IsLogging) {
    return <Alert type="error">{t('notWritten')}</Alert>;
  }
  if (problem !== undefined) {
    return <Alert type="warning">{t('notSigned', { when: moment(signed), problem: plain(problem) })}</Alert>;
  }
  return <Alert type="info">{signed === undefined ? t('unsigned') : t('proved', { when: moment(signed) })}</Alert>;
}
