// Start session: choose the node and the document, say why, and the terminal opens.

import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { type FormEvent, useState } from 'react';
import type { Question } from '../api/permissions';
import { type ManagedNode, managedNodes, startSession } from '../api/ssm';
import { useWords } from '../i18n/language';
import { nodeMatches, nodeName } from '../nodes/shown';
import { useEvery } from '../shell/every';
import { Filter } from '../shell/filter';
import { refusedBy, useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { go } from '../shell/route';
import { keepTicket } from '../terminal/tickets';
import { type Choice, ChooseDocument, SHELL } from './document';
import { sessionWords } from './words';

const REFRESH_MS = 5000;

/** The document that is named is judged as well as the node. */
function needs({ InstanceId }: ManagedNode, { document }: Choice): Question[] {
  const action = 'ssm:StartSession';
  const onNode = { action, on: { node: InstanceId } };
  return document === undefined ? [onNode] : [onNode, { action, on: { document } }];
}

export default function StartSession(): React.JSX.Element {
  const t = useWords(sessionWords);
  const found = useLoaded(managedNodes);
  useEvery(REFRESH_MS, found.again);
  const [filter, setFilter] = useState('');
  const [target, setTarget] = useState<string>();
  const [reason, setReason] = useState('');
  const [choice, setChoice] = useState(SHELL);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const online = found.state === 'loaded' ? found.value.filter(({ PingStatus }) => PingStatus === 'Online') : [];
  const node = online.find(({ InstanceId }) => InstanceId === target);
  const start = (event: FormEvent): void => {
    event.preventDefault();
    if (node === undefined) {
      return;
    }
    setBusy(true);
    setRefusal(undefined);
    startSession(node.InstanceId, { reason, ...choice })
      .then((opened) => {
        keepTicket(opened, node.InstanceId);
        go('session-manager', 'terminal', opened.SessionId);
      })
      .catch((error: unknown) => setRefusal(refusedBy(error).message))
      .finally(() => setBusy(false));
  };
  return (
    <form onSubmit={start}>
      <Form
        header={<Header variant="h1">{t('start')}</Header>}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" onClick={() => go('session-manager', 'sessions')}>
              {t('cancel')}
            </Button>
            <PermittedButton
              variant="primary"
              loading={busy}
              disabled={node === undefined}
              needs={node === undefined ? [] : needs(node, choice)}
            >
              {t('start')}
            </PermittedButton>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          <Container>
            <SpaceBetween size="m">
              <FormField label={t('reasonOptional')} constraintText={t('reasonHelp')} stretch>
                <Input value={reason} onChange={({ detail }) => setReason(detail.value)} />
              </FormField>
              <ChooseDocument choice={choice} onChoice={setChoice} />
            </SpaceBetween>
          </Container>
          <Table
            variant="container"
            enableKeyboardNavigation
            selectionType="single"
            trackBy="InstanceId"
            loading={found.state === 'loading'}
            items={online.filter((one) => nodeMatches(one, filter))}
            selectedItems={node === undefined ? [] : [node]}
            onSelectionChange={({ detail }) => setTarget(detail.selectedItems[0]?.InstanceId)}
            ariaLabels={{
              selectionGroupLabel: t('chooseNode'),
              itemSelectionLabel: (_, item) => t('selectNode', { name: nodeName(item) }),
            }}
            empty={t('noNodes')}
            header={<Header variant="h2">{t('chooseNode')}</Header>}
            filter={<Filter text={filter} label={t('findNode')} onChange={setFilter} />}
            columnDefinitions={[
              { id: 'name', header: t('name'), cell: nodeName, isRowHeader: true },
              { id: 'id', header: t('nodeId'), cell: ({ InstanceId }) => InstanceId },
              { id: 'address', header: t('address'), cell: ({ IPAddress }) => plain(IPAddress ?? '–') },
              {
                id: 'platform',
                header: t('platform'),
                cell: ({ PlatformName, PlatformVersion }) => plain(`${PlatformName ?? ''} ${PlatformVersion ?? ''}`),
              },
            ]}
          />
          {refusal !== undefined && <Refusal message={refusal} />}
        </SpaceBetween>
      </Form>
    </form>
  );
}
