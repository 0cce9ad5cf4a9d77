// What the evaluator would decide for a user, role or group, action by action and resource by resource.

import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import Textarea from '@cloudscape-design/components/textarea';
import { useState } from 'react';
import { type Evaluation, simulate } from '../api/simulation';
import { useWords } from '../i18n/language';
import { useDoing } from '../shell/doing';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { iamWords } from './words';

function lines(text: string): string[] {
  return text.split(/[\s,]+/).filter((line) => line !== '');
}

export function SimulationTab({ arn }: { readonly arn: string }): React.JSX.Element {
  const t = useWords(iamWords);
  const doing = useDoing();
  const [actions, setActions] = useState('ssm:StartSession');
  const [resources, setResources] = useState('');
  const [results, setResults] = useState<readonly Evaluation[]>();
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            description={t('simulationHelp')}
            actions={
              <PermittedButton
                variant="primary"
                loading={doing.busy}
                disabled={lines(actions).length === 0}
                needs={[{ action: 'iam:SimulatePrincipalPolicy' }]}
                onClick={() => doing.start(() => simulate(arn, lines(actions), lines(resources)), setResults)}
              >
                {t('simulate')}
              </PermittedButton>
            }
          >
            {t('simulation')}
          </Header>
        }
      >
        <SpaceBetween size="m">
          <FormField label={t('simulatedActions')} constraintText={t('simulatedActionsHelp')} stretch>
            <Textarea value={actions} spellcheck={false} onChange={({ detail }) => setActions(detail.value)} />
          </FormField>
          <FormField label={t('simulatedResources')} constraintText={t('simulatedResourcesHelp')} stretch>
            <Textarea value={resources} spellcheck={false} onChange={({ detail }) => setResources(detail.value)} />
          </FormField>
          {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
        </SpaceBetween>
      </Container>
      {results !== undefined && <Results results={results} />}
    </SpaceBetween>
  );
}

function Results({ results }: { readonly results: readonly Evaluation[] }): React.JSX.Element {
  const t = useWords(iamWords);
  const isBounded = ({ PermissionsBoundaryDecisionDetail: detail }: Evaluation): boolean =>
    detail?.AllowedByPermissionsBoundary === false;
  return (
    <Table
      variant="container"
      enableKeyboardNavigation
      wrapLines
      trackBy={({ EvalActionName, EvalResourceName }) => `${EvalActionName} ${EvalResourceName}`}
      items={results}
      header={<Header variant="h2">{t('results')}</Header>}
      columnDefinitions={[
        { id: 'action', header: t('action'), isRowHeader: true, cell: ({ EvalActionName }) => EvalActionName },
        { id: 'resource', header: t('resource'), cell: ({ EvalResourceName }) => EvalResourceName },
        {
          id: 'decision',
          header: t('decision'),
          cell: (result) => (
            <StatusIndicator type={result.EvalDecision === 'allowed' ? 'success' : 'error'}>
              {t(result.EvalDecision === 'implicitDeny' && isBounded(result) ? 'byBoundary' : result.EvalDecision)}
            </StatusIndicator>
          ),
        },
        {
          id: 'matched',
          header: t('matched'),
          cell: ({ MatchedStatements }) => {
            const names = (MatchedStatements ?? []).map(({ SourcePolicyId }) => SourcePolicyId);
            return [...new Set(names)].join(', ') || '–';
          },
        },
        {
          id: 'missing',
          header: t('missingKeys'),
          cell: ({ MissingContextValues }) => (MissingContextValues ?? []).join(', ') || '–',
        },
      ]}
    />
  );
}
