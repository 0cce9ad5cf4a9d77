// How the deliveries of a session's log stand, followed until they are over.

import Header from '@cloudscape-design/components/header';
import { useCallback } from 'react';
import { deliveries, retryDeliveries } from '../api/recordings';
import { useWords } from '../i18n/language';
import { useDoing } from '../shell/doing';
import { useEvery } from '../shell/every';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { DeliveryTable } from './delivery-table';
import { sessionWords } from './words';

const REFRESH_MS = 5000;

export function Deliveries({ sessionId }: { readonly sessionId: string }): React.JSX.Element {
  const t = useWords(sessionWords);
  const found = useLoaded(useCallback(() => deliveries(sessionId), [sessionId]));
  useEvery(REFRESH_MS, found.again);
  const doing = useDoing();
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const logs = found.state === 'loaded' ? found.value : [];
  return (
    <>
      {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
      <DeliveryTable
        loading={found.state === 'loading'}
        deliveries={logs}
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
      />
    </>
  );
}
