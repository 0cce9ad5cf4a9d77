// One managed node: what it is, its tags, and who would become whom on it.

import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Table from '@cloudscape-design/components/table';
import { useCallback, useState } from 'react';
import { deregisterNode, type ManagedNode, managedNode, nodeTags } from '../api/ssm';
import { useTimes, useWords } from '../i18n/language';
import { Ask } from '../shell/ask';
import { useDoing } from '../shell/doing';
import { useEvery } from '../shell/every';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { go } from '../shell/route';
import { Preview } from './preview';
import { nodeName, NodeStatus } from './shown';
import { nodeWords } from './words';

const REFRESH_MS = 5000;

export default function NodePage({ id }: { readonly id: string }): React.JSX.Element {
  const t = useWords(nodeWords);
  const { moment } = useTimes();
  const found = useLoaded(useCallback(() => managedNode(id), [id]));
  useEvery(REFRESH_MS, found.again);
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  if (found.state === 'loading') {
    return <Spinner size="large" />;
  }
  const node = found.value;
  return (
    <SpaceBetween size="l">
      <Header variant="h1" actions={<Deregister node={node} />}>
        {nodeName(node)}
      </Header>
      <Container header={<Header variant="h2">{t('about')}</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: t('status'), value: <NodeStatus node={node} /> },
            { label: t('nodeId'), value: node.InstanceId },
            { label: t('address'), value: plain(node.IPAddress ?? '–') },
            { label: t('platform'), value: plain(`${node.PlatformName ?? ''} ${node.PlatformVersion ?? ''}`) },
            { label: t('version'), value: plain(node.AgentVersion ?? '–') },
            { label: t('role'), value: plain(node.IamRole ?? '–') },
            { label: t('lastPing'), value: moment(node.LastPingDateTime) },
            { label: t('registered'), value: moment(node.RegistrationDate) },
          ]}
        />
      </Container>
      <Preview nodeId={node.InstanceId} />
      <Tags id={node.InstanceId} />
    </SpaceBetween>
  );
}

function Deregister({ node }: { readonly node: ManagedNode }): React.JSX.Element {
  const t = useWords(nodeWords);
  const doing = useDoing();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <PermittedButton
        needs={[{ action: 'ssm:DeregisterManagedInstance', on: { node: node.InstanceId } }]}
        onClick={() => setAsking(true)}
      >
        {t('deregister')}
      </PermittedButton>
      {asking && (
        <Ask
          title={t('deregisterAsk', { name: nodeName(node) })}
          action={t('deregister')}
          doing={doing}
          onAction={() => doing.start(() => deregisterNode(node.InstanceId), () => go('managed-nodes'))}
          onClosed={() => setAsking(false)}
        >
          <Box>{t('deregisterWhat')}</Box>
        </Ask>
      )}
    </>
  );
}

function Tags({ id }: { readonly id: string }): React.JSX.Element {
  const t = useWords(nodeWords);
  const found = useLoaded(useCallback(() => nodeTags(id), [id]));
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  return (
    <Table
      variant="container"
      enableKeyboardNavigation
      trackBy="Key"
      loading={found.state === 'loading'}
      items={found.state === 'loaded' ? found.value : []}
      empty={t('noTags')}
      header={<Header variant="h2">{t('tags')}</Header>}
      columnDefinitions={[
        { id: 'key', header: t('key'), isRowHeader: true, cell: ({ Key }) => plain(Key) },
        { id: 'value', header: t('value'), cell: ({ Value }) => plain(Value) },
      ]}
    />
  );
}
