// The managed nodes: whether they are there, what they are.

import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import { managedNodes } from '../api/ssm';
import { useTimes, useWords } from '../i18n/language';
import { useEvery } from '../shell/every';
import { Filter } from '../shell/filter';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { go, to } from '../shell/route';
import { nodeMatches, nodeName, NodeStatus } from './shown';
import { nodeWords } from './words';

const REFRESH_MS = 5000;

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
      items={nodes.filter((node) => nodeMatches(node, filter))}
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
        {
          id: 'name',
          header: t('name'),
          isRowHeader: true,
          cell: (node) => <Link href={to('managed-nodes', node.InstanceId)}>{nodeName(node)}</Link>,
        },
        { id: 'id', header: t('nodeId'), cell: ({ InstanceId }) => InstanceId },
        {
          id: 'status',
          header: t('status'),
          cell: (node) => <NodeStatus node={node} />,
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
