// A user's access keys. The secret of a new one is shown once and kept nowhere: it goes when its window is closed.

import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table from '@cloudscape-design/components/table';
import { useCallback, useState } from 'react';
import {
  type AccessKeyMetadata, accessKeys, createAccessKey, deleteAccessKey, type LastUsed, lastUsed, type MadeKey,
  switchAccessKey,
} from '../api/access-keys';
import { useTimes, useWords } from '../i18n/language';
import { useDoing } from '../shell/doing';
import { useLoaded } from '../shell/loaded';
import { Pasted } from '../shell/pasted';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { Delete } from './delete';
import { iamWords } from './words';

interface Row extends AccessKeyMetadata {
  /** Nothing for who may not know it. */
  readonly used: LastUsed | undefined;
}

async function rows(user: string): Promise<Row[]> {
  const keys = await accessKeys(user);
  return Promise.all(
    keys.map(async (key) => ({ ...key, used: await lastUsed(key.AccessKeyId).catch(() => undefined) })),
  );
}

export function AccessKeysTab({ user }: { readonly user: string }): React.JSX.Element {
  const t = useWords(iamWords);
  const { moment } = useTimes();
  const found = useLoaded(useCallback(() => rows(user), [user]));
  const doing = useDoing();
  const [made, setMade] = useState<MadeKey>();
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const keys = found.state === 'loaded' ? found.value : [];
  const on = { user };
  const create = (): void => doing.start(() => createAccessKey(user), setMade);
  const toggle = ({ AccessKeyId, Status }: Row): void =>
    doing.start(() => switchAccessKey(user, AccessKeyId, Status !== 'Active'), found.again);
  return (
    <>
      {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
      <Table
        variant="container"
        enableKeyboardNavigation
        trackBy="AccessKeyId"
        loading={found.state === 'loading'}
        items={keys}
        empty={t('noKeys')}
        header={
          <Header
            variant="h2"
            counter={`(${keys.length})`}
            actions={
              <PermittedButton loading={doing.busy} needs={[{ action: 'iam:CreateAccessKey', on }]} onClick={create}>
                {t('createKey')}
              </PermittedButton>
            }
          >
            {t('accessKeys')}
          </Header>
        }
        columnDefinitions={[
          { id: 'id', header: t('accessKeyId'), isRowHeader: true, cell: ({ AccessKeyId }) => AccessKeyId },
          {
            id: 'status',
            header: t('status'),
            cell: ({ Status }) => (
              <StatusIndicator type={Status === 'Active' ? 'success' : 'stopped'}>{t(Status)}</StatusIndicator>
            ),
          },
          { id: 'created', header: t('created'), cell: ({ CreateDate }) => moment(Date.parse(CreateDate) / 1000) },
          {
            id: 'used',
            header: t('lastUsed'),
            cell: ({ used }) =>
              used === undefined ? '–' : used.LastUsedDate === undefined ? t('never') : moment(Date.parse(used.LastUsedDate) / 1000),
          },
          {
            id: 'actions',
            header: t('actions'),
            cell: (key) => (
              <SpaceBetween direction="horizontal" size="xs">
                <Button
                  ariaLabel={t(key.Status === 'Active' ? 'deactivateKey' : 'activateKey', { id: key.AccessKeyId })}
                  onClick={() => toggle(key)}
                >
                  {t(key.Status === 'Active' ? 'deactivate' : 'activate')}
                </Button>
                <Delete
                  name={key.AccessKeyId}
                  what={t('deleteKeyWhat')}
                  needs={[{ action: 'iam:DeleteAccessKey', on }]}
                  act={() => deleteAccessKey(user, key.AccessKeyId)}
                  onDeleted={found.again}
                />
              </SpaceBetween>
            ),
          },
        ]}
      />
      {made !== undefined && (
        <Shown
          made={made}
          onClosed={() => {
            setMade(undefined);
            found.again();
          }}
        />
      )}
    </>
  );
}

interface ShownProps {
  readonly made: MadeKey;
  readonly onClosed: () => void;
}

function Shown({ made, onClosed }: ShownProps): React.JSX.Element {
  const t = useWords(iamWords);
  return (
    <Modal
      visible
      header={t('createKey')}
      onDismiss={onClosed}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClosed}>
            {t('done')}
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning">{t('keyOnce')}</Alert>
        <Pasted label={t('accessKeyId')} text={made.AccessKeyId} />
        <Pasted label={t('secret')} text={made.SecretAccessKey} />
      </SpaceBetween>
    </Modal>
  );
}
