// The managed nodes: whether they are there, what they are.

import Header from '@cloudscape-design/components/header';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import { type ManagedNode, managedNodes } from '../api/ssm';
import { useTimes, useWords } from '../i18n/language';
import { useEvery } from '../shell/every';
import { Filter } from '../shell/filter';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { go } from '../shell/route';
import { nodeWords } from './words';

const REFRESH_MS = 5000;

const STATUSES: Readonly<Record<string, StatusIndicatorProps.Type>> = {
  Online: 'success',
  ConnectionLost: 'error',
  Inactive: 'stopped',
};

/** What a person knows the node by. */
function nameOf({ Name, ComputerName, InstanceId }: ManagedNode): string {
  return plain(Name ?? ComputerName ?? InstanceId);
}

function matches(node: ManagedNode, filter: string): boolean {
  const texts = [node.InstanceId, node.Name ?? '', node.ComputerName ?? '', node.IPAddress ?? ''];
  return texts.some((text) => text.toLowerCase().includes(filter.toLowerCase()));
}

export default function ManagedNodes(): React.JSX.Element {
  const t = useWords(nodeWords);
  const { moment } = useTimes();
  const found = useLoaded(managedNodes);
  useEvery(REFRESH_MS, found.again);
  const [filter, setFilter] = useState('');
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const nodes = found.state === 'loaded' ? found.value : [];
  return (
    <Table
      variant="full-page"
      enableKeyboardNavigation
      loading={found.state === 'loading'}
      trackBy="InstanceId"
      items={nodes.filter((node) => matches(node, filter))}
      empty={t('none')}
      header={
        <Header
          variant="awsui-h1-sticky"
          counter={`(${nodes.length})`}
          actions={
            <PermittedButton
              variant="primary"
              needs={[{ action: 'ssm:CreateActivation' }, { action: 'iam:PassRole', on: { role: 'UsherManagedNode' } }]}
              onClick={() => go('managed-nodes', 'register')}
            >
              {t('register')}
            </PermittedButton>
          }
        >
          {t('nodes')}
        </Header>
      }
      filter={<Filter text={filter} label={t('find')} onChange={setFilter} />}
      columnDefinitions={[
        { id: 'name', header: t('name'), cell: nameOf, isRowHeader: true },
        { id: 'id', header: t('nodeId'), cell: ({ InstanceId }) => InstanceId },
        {
          id: 'status',
          header: t('status'),
          cell: ({ PingStatus }) => {
            const type = STATUSES[PingStatus];
            return type === undefined ? plain(PingStatus) : <StatusIndicator type={type}>{t(PingStatus as keyof typeof nodeWords)}</StatusIndicator>;
          },
        },
        {
          id: 'platform',
          header: t('platform'),
          cell: ({ PlatformName, PlatformVersion }) => plain(`${PlatformName ?? '–'} ${PlatformVersion ?? ''}`),
        },
        { id: 'address', header: t('address'), cell: ({ IPAddress }) => plain(IPAddress ?? '–') },
        { id: 'version', header: t('version'), cell: ({ AgentVersion }) => plain(AgentVersion ?? '–') },
        { id: 'lastPing', header: t('lastPing'), cell: ({ LastPingDateTime }) => moment(LastPingDateTime) },
      ]}
    />
  );
}
