// Test delivery: a line goes where the stored preferences want logs, as a session on the chosen node would deliver it.

import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { type Delivery, tryDelivery } from '../api/recordings';
import { managedNodes } from '../api/ssm';
import { useWords } from '../i18n/language';
import { nodeName } from '../nodes/shown';
import { DeliveryTable } from '../sessions/delivery-table';
import { useDoing } from '../shell/doing';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { preferencesWords } from './words';

export function Trial(): React.JSX.Element {
  const t = useWords(preferencesWords);
  const nodes = useLoaded(managedNodes);
  const [chosen, setChosen] = useState<string>();
  const [tried, setTried] = useState<readonly Delivery[]>();
  const doing = useDoing();
  const online = nodes.state === 'loaded' ? nodes.value.filter(({ PingStatus }) => PingStatus === 'Online') : [];
  const node = online.find(({ InstanceId }) => InstanceId === chosen) ?? online[0];
  const options = online.map((one) => ({ value: one.InstanceId, label: nodeName(one), description: one.InstanceId }));
  const start = (): void => {
    if (node !== undefined) {
      doing.start(() => tryDelivery(node.InstanceId), setTried);
    }
  };
  return (
    <Container
      header={
        <Header
          variant="h3"
          description={t('trialHelp')}
          actions={
            <PermittedButton
              loading={doing.busy}
              disabled={node === undefined}
              needs={node === undefined ? [] : [{ action: 'ssm:TestSessionLogs', on: { node: node.InstanceId } }]}
              onClick={start}
            >
              {t('trial')}
            </PermittedButton>
          }
        >
          {t('trial')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <FormField label={t('trialNode')}>
          <Select
            selectedOption={options.find(({ value }) => value === node?.InstanceId) ?? null}
            options={options}
            statusType={nodes.state === 'loading' ? 'loading' : 'finished'}
            empty={t('trialNoNode')}
            placeholder={t('trialNoNode')}
            onChange={({ detail }) => setChosen(detail.selectedOption.value)}
          />
        </FormField>
        {nodes.state === 'refused' && <Refusal message={nodes.message} />}
        {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
        {tried !== undefined && (
          <DeliveryTable deliveries={tried} loading={doing.busy} header={<Header variant="h3">{t('trialResult')}</Header>} />
        )}
      </SpaceBetween>
    </Container>
  );
}
