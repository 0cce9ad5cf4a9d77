// One managed policy: its document, its versions, and whom it is attached to.

import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Table from '@cloudscape-design/components/table';
import Tabs from '@cloudscape-design/components/tabs';
import { useCallback, useState } from 'react';
import {
  createVersion, deletePolicy, deleteVersion, holders, isOurs, managedPolicy, setDefaultVersion, versionDocument, versions,
} from '../api/policies';
import { useTimes, useWords } from '../i18n/language';
import { useDoing } from '../shell/doing';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { go } from '../shell/route';
import { Delete } from './delete';
import { pageOf, SECTIONS } from './kinds';
import { PolicyText } from './policy-text';
import { iamWords } from './words';

interface PolicyProps {
  readonly arn: string;
}

export default function PolicyPage({ arn }: PolicyProps): React.JSX.Element {
  const t = useWords(iamWords);
  const found = useLoaded(useCallback(() => managedPolicy(arn), [arn]));
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  if (found.state === 'loading') {
    return <Spinner size="large" />;
  }
  const { PolicyName, DefaultVersionId } = found.value;
  return (
    <SpaceBetween size="m">
      <Header
        variant="h1"
        description={arn}
        actions={
          isOurs(arn) && (
            <Delete
              name={PolicyName}
              needs={[{ action: 'iam:DeletePolicy', on: { policy: arn } }]}
              act={() => deletePolicy(arn)}
              onDeleted={() => go('iam', 'policies')}
            />
          )
        }
      >
        {PolicyName}
      </Header>
      <Tabs
        tabs={[
          {
            id: 'document',
            label: t('permissions'),
            content: <Document key={DefaultVersionId} arn={arn} version={DefaultVersionId} onSaved={found.again} />,
          },
          {
            id: 'versions',
            label: t('versions'),
            content: <Versions key={DefaultVersionId} arn={arn} onDefault={found.again} />,
          },
          { id: 'entities', label: t('entitiesAttached'), content: <Holders arn={arn} /> },
        ]}
      />
    </SpaceBetween>
  );
}

interface DocumentProps extends PolicyProps {
  readonly version: string;
  readonly onSaved: () => void;
}

function Document({ arn, version, onSaved }: DocumentProps): React.JSX.Element {
  const t = useWords(iamWords);
  const found = useLoaded(useCallback(() => versionDocument(arn, version), [arn, version]));
  const doing = useDoing();
  const [changed, setChanged] = useState<string>();
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const text = changed ?? (found.state === 'loaded' ? found.value : '');
  const needs = [{ action: 'iam:CreatePolicyVersion', on: { policy: arn } }];
  const save = (): void => doing.start(() => createVersion(arn, text), onSaved);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={isOurs(arn) ? t('newVersionHelp') : undefined}
          actions={
            isOurs(arn) && (
              <PermittedButton variant="primary" loading={doing.busy} disabled={changed === undefined} needs={needs} onClick={save}>
                {t('saveChanges')}
              </PermittedButton>
            )
          }
        >
          {t('shownVersion', { version })}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {!isOurs(arn) && <Alert type="info">{t('comesWithService')}</Alert>}
        <PolicyText text={text} readOnly={!isOurs(arn)} onChange={setChanged} />
        {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
      </SpaceBetween>
    </Container>
  );
}

interface VersionsProps extends PolicyProps {
  readonly onDefault: () => void;
}

function Versions({ arn, onDefault }: VersionsProps): React.JSX.Element {
  const t = useWords(iamWords);
  const { moment } = useTimes();
  const found = useLoaded(useCallback(() => versions(arn), [arn]));
  const doing = useDoing();
  const [shown, setShown] = useState<{ version: string; text: string }>();
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const show = (version: string): void =>
    doing.start(() => versionDocument(arn, version), (text) => setShown({ version, text }));
  const on = { policy: arn };
  return (
    <SpaceBetween size="m">
      {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
      <Table
        variant="container"
        enableKeyboardNavigation
        trackBy="VersionId"
        loading={found.state === 'loading'}
        items={found.state === 'loaded' ? found.value : []}
        header={<Header variant="h2">{t('versions')}</Header>}
        columnDefinitions={[
          {
            id: 'version',
            header: t('version'),
            isRowHeader: true,
            cell: ({ VersionId }) => (
              <Button variant="inline-link" ariaLabel={t('showVersion', { version: VersionId })} onClick={() => show(VersionId)}>
                {VersionId}
              </Button>
            ),
          },
          { id: 'created', header: t('created'), cell: ({ CreateDate }) => moment(Date.parse(CreateDate) / 1000) },
          {
            id: 'actions',
            header: t('actions'),
            cell: ({ VersionId, IsDefaultVersion }) =>
              IsDefaultVersion ? (
                t('defaultVersion')
              ) : (
                <SpaceBetween direction="horizontal" size="xs">
                  <PermittedButton
                    needs={[{ action: 'iam:SetDefaultPolicyVersion', on }]}
                    ariaLabel={t('setDefaultVersion', { version: VersionId })}
                    onClick={() => doing.start(() => setDefaultVersion(arn, VersionId), onDefault)}
                  >
                    {t('setDefault')}
                  </PermittedButton>
                  <Delete
                    name={VersionId}
                    needs={[{ action: 'iam:DeletePolicyVersion', on }]}
                    act={() => deleteVersion(arn, VersionId)}
                    onDeleted={found.again}
                  />
                </SpaceBetween>
              ),
          },
        ]}
      />
      {shown !== undefined && (
        <PolicyText text={shown.text} readOnly label={t('shownVersion', { version: shown.version })} />
      )}
    </SpaceBetween>
  );
}

function Holders({ arn }: PolicyProps): React.JSX.Element {
  const t = useWords(iamWords);
  const found = useLoaded(useCallback(() => holders(arn), [arn]));
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  return (
    <Table
      variant="container"
      enableKeyboardNavigation
      trackBy={({ kind, name }) => `${kind} ${name}`}
      loading={found.state === 'loading'}
      items={found.state === 'loaded' ? found.value : []}
      empty={t('noneFound')}
      header={<Header variant="h2">{t('entitiesAttached')}</Header>}
      columnDefinitions={[
        { id: 'name', header: t('name'), isRowHeader: true, cell: ({ kind, name }) => <Link href={pageOf(kind, name)}>{name}</Link> },
        { id: 'kind', header: t('policyType'), cell: ({ kind }) => t(SECTIONS[kind].title) },
      ]}
    />
  );
}
