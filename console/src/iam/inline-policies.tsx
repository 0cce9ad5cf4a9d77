// The inline policies of a user, role or group: written, changed and deleted in place.

import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { useCallback, useState } from 'react';
import type { Kind } from '../api/iam';
import { deleteInlinePolicy, inlinePolicies, inlinePolicy, putInlinePolicy } from '../api/policies';
import { useWords } from '../i18n/language';
import { Ask } from '../shell/ask';
import { useDoing } from '../shell/doing';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { Delete } from './delete';
import { on } from './kinds';
import { NEW_POLICY, PolicyText } from './policy-text';
import { iamWords } from './words';

interface InlineProps {
  readonly kind: Kind;
  readonly name: string;
}

interface Written {
  /** Empty for a new one. */
  readonly policy: string;
  readonly document: string;
}

export function InlinePolicies({ kind, name }: InlineProps): React.JSX.Element {
  const t = useWords(iamWords);
  const found = useLoaded(useCallback(() => inlinePolicies(kind, name), [kind, name]));
  const opening = useDoing();
  const [written, setWritten] = useState<Written>();
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const policies = found.state === 'loaded' ? found.value : [];
  const subject = on(kind, name);
  const edit = (policy: string): void =>
    opening.start(
      () => inlinePolicy(kind, name, policy),
      (document) => setWritten({ policy, document }),
    );
  return (
    <>
      {opening.refusal !== undefined && <Refusal message={opening.refusal} />}
      <Table
        variant="container"
        enableKeyboardNavigation
        trackBy={(policy) => policy}
        loading={found.state === 'loading'}
        items={policies}
        empty={t('noPolicies')}
        header={
          <Header
            variant="h2"
            counter={`(${policies.length})`}
            actions={
              <PermittedButton
                needs={[{ action: `iam:Put${kind}Policy`, on: subject }]}
                onClick={() => setWritten({ policy: '', document: NEW_POLICY })}
              >
                {t('createInline')}
              </PermittedButton>
            }
          >
            {t('inlinePolicies')}
          </Header>
        }
        columnDefinitions={[
          { id: 'name', header: t('policyName'), isRowHeader: true, cell: (policy) => policy },
          {
            id: 'actions',
            header: t('actions'),
            cell: (policy) => (
              <SpaceBetween direction="horizontal" size="xs">
                <Button ariaLabel={t('editPolicy', { name: policy })} onClick={() => edit(policy)}>
                  {t('edit')}
                </Button>
                <Delete
                  name={policy}
                  needs={[{ action: `iam:Delete${kind}Policy`, on: subject }]}
                  act={() => deleteInlinePolicy(kind, name, policy)}
                  onDeleted={found.again}
                />
              </SpaceBetween>
            ),
          },
        ]}
      />
      {written !== undefined && (
        <Editor
          kind={kind}
          name={name}
          written={written}
          onClosed={() => {
            setWritten(undefined);
            found.again();
          }}
        />
      )}
    </>
  );
}

interface EditorProps extends InlineProps {
  readonly written: Written;
  readonly onClosed: () => void;
}

function Editor({ kind, name, written, onClosed }: EditorProps): React.JSX.Element {
  const t = useWords(iamWords);
  const doing = useDoing();
  const [policy, setPolicy] = useState(written.policy);
  const [document, setDocument] = useState(written.document);
  const isNew = written.policy === '';
  return (
    <Ask
      title={isNew ? t('createInline') : t('editPolicy', { name: policy })}
      action={t('saveChanges')}
      doing={doing}
      size="large"
      disabled={policy === ''}
      onAction={() => doing.start(() => putInlinePolicy(kind, name, policy, document), onClosed)}
      onClosed={onClosed}
    >
      {isNew && (
        <FormField label={t('policyName')}>
          <Input value={policy} spellcheck={false} autoComplete={false} onChange={({ detail }) => setPolicy(detail.value)} />
        </FormField>
      )}
      <PolicyText text={document} onChange={setDocument} />
    </Ask>
  );
}
