// As whom everybody's session would run on this node. It is asked when somebody wants to know: the node is bothered.

import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import { type Explanation, explainRunAs } from '../api/explain';
import { type Entity, entities, nameOf, type Person } from '../api/iam';
import { pageOf } from '../iam/kinds';
import { useWords } from '../i18n/language';
import { ruleWords } from '../sessions/columns';
import { sessionWords } from '../sessions/words';
import { useDoing } from '../shell/doing';
import { PermittedButton } from '../shell/permission';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { nodeWords } from './words';

interface Row {
  readonly kind: Person;
  readonly name: string;
  readonly explanation: Explanation;
}

const VERDICTS: Readonly<Record<string, StatusIndicatorProps.Type>> = {
  Accepted: 'success',
  Refused: 'error',
  Unknown: 'warning',
};

/** One after the other: the node answers one question at a time. The role of the nodes starts no sessions. */
async function everybody(nodeId: string): Promise<Row[]> {
  const [users, roles] = await Promise.all([entities('User'), entities('Role')]);
  const people: [Person, Entity][] = [
    ...users.map((user): [Person, Entity] => ['User', user]),
    ...roles.filter(({ Path }) => Path !== '/service-role/').map((role): [Person, Entity] => ['Role', role]),
  ];
  const rows: Row[] = [];
  for (const [kind, entity] of people) {
    rows.push({ kind, name: nameOf(entity), explanation: await explainRunAs(entity.Arn, nodeId) });
  }
  return rows;
}

export function Preview({ nodeId }: { readonly nodeId: string }): React.JSX.Element {
  const t = useWords(nodeWords);
  const s = useWords(sessionWords);
  const doing = useDoing();
  const [rows, setRows] = useState<readonly Row[]>();
  const user = ({ Decision, OsUser }: Explanation): string =>
    Decision === 'Refused' ? t('noSession') : Decision === 'SsmUser' ? 'ssm-user' : plain(OsUser ?? '');
  return (
    <>
      {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
      <Table
        variant="container"
        enableKeyboardNavigation
        wrapLines
        trackBy={({ kind, name }) => `${kind} ${name}`}
        loading={doing.busy}
        items={rows ?? []}
        empty={t(rows === undefined ? 'notAsked' : 'noPrincipals')}
        header={
          <Header
            variant="h2"
            description={t('previewHelp')}
            actions={
              <PermittedButton
                loading={doing.busy}
                needs={[{ action: 'ssm:ExplainRunAs', on: { node: nodeId } }, { action: 'iam:ListUsers' }, { action: 'iam:ListRoles' }]}
                onClick={() => doing.start(() => everybody(nodeId), setRows)}
              >
                {t('previewStart')}
              </PermittedButton>
            }
          >
            {t('preview')}
          </Header>
        }
        columnDefinitions={[
          {
            id: 'principal',
            header: t('principal'),
            isRowHeader: true,
            cell: ({ kind, name }) => <Link href={pageOf(kind, name)}>{name}</Link>,
          },
          { id: 'runsAs', header: t('runsAs'), cell: ({ explanation }) => user(explanation) },
          { id: 'rule', header: t('rule'), cell: ({ explanation }) => ruleWords(explanation.Rule, s) },
          {
            id: 'verdict',
            header: t('verdict'),
            cell: ({ explanation: { Node, Reason } }) =>
              Node === undefined ? (
                plain(Reason ?? '–')
              ) : (
                <StatusIndicator type={VERDICTS[Node.Decision] ?? 'info'}>
                  {[t(Node.Decision), plain(Node.Reason ?? '')].filter((part) => part !== '').join(': ')}
                </StatusIndicator>
              ),
          },
        ]}
      />
    </>
  );
}
