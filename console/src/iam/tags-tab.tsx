// The Tags tab, with what SSMSessionRunAs means. An empty row is always there to be written in.

import Alert from '@cloudscape-design/components/alert';
import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useCallback, useState } from 'react';
import { type Person, RUN_AS_TAG, type Tag, tag, tagsOf, untag } from '../api/iam';
import type { Question } from '../api/permissions';
import { useWords } from '../i18n/language';
import { refusedBy, useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { BLANK, keyFault, plan, valueFault } from './tag-set';
import { iamWords } from './words';

interface TagsProps {
  readonly kind: Person;
  readonly name: string;
}

export function TagsTab({ kind, name }: TagsProps): React.JSX.Element {
  const stored = useLoaded(useCallback(() => tagsOf(kind, name), [kind, name]));
  // Kept here: the editor begins anew with what was saved.
  const [saved, setSaved] = useState(false);
  switch (stored.state) {
    case 'loading':
      return <Spinner />;
    case 'refused':
      return <Refusal message={stored.message} />;
    case 'loaded': {
      const version = JSON.stringify(stored.value);
      const onSaved = (): void => {
        setSaved(true);
        stored.again();
      };
      const editor = { kind, name, stored: stored.value, saved, onSaved, onEdited: () => setSaved(false) };
      return <Editor key={version} {...editor} />;
    }
  }
}

interface EditorProps extends TagsProps {
  readonly stored: readonly Tag[];
  readonly saved: boolean;
  readonly onSaved: () => void;
  readonly onEdited: () => void;
}

function Editor({ kind, name, stored, saved, onSaved, onEdited }: EditorProps): React.JSX.Element {
  const t = useWords(iamWords);
  const [tags, setTags] = useState<readonly Tag[]>([...stored, BLANK]);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();

  const edit = (edited: readonly Tag[]): void => {
    setRefusal(undefined);
    onEdited();
    setTags(edited);
  };
  const replace = (at: number, changed: Partial<Tag>): void =>
    edit(tags.map((tag, other) => (other === at ? { ...tag, ...changed } : tag)));
  const isFaulty = tags.some((tag, at) => keyFault(tags, at) ?? valueFault(tag));
  const save = async (): Promise<void> => {
    const { set, removed } = plan(stored, tags);
    if (removed.length > 0) {
      await untag(kind, name, removed);
    }
    if (set.length > 0) {
      await tag(kind, name, set);
    }
  };
  const onSave = (): void => {
    setTried(true);
    if (isFaulty) {
      return;
    }
    setBusy(true);
    save()
      .then(onSaved)
      .catch((error: unknown) => setRefusal(refusedBy(error).message))
      .finally(() => setBusy(false));
  };
  const fault = (found: ReturnType<typeof valueFault>): string | undefined =>
    tried && found !== undefined ? t(found) : undefined;
  const on: Question['on'] = kind === 'User' ? { user: name } : { role: name };
  const runAs = stored.find(({ Key }) => Key === RUN_AS_TAG);

  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <PermittedButton
              variant="primary"
              loading={busy}
              onClick={onSave}
              needs={[
                { action: `iam:Tag${kind}`, on },
                { action: `iam:Untag${kind}`, on },
              ]}
            >
              {t('saveChanges')}
            </PermittedButton>
          }
        >
          {t('tags')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <Alert type="info">
          {t('runAsHelp')}
          {runAs !== undefined && runAs.Value !== '' && ` ${t('becomes', { user: runAs.Value })}`}
        </Alert>
        <AttributeEditor
          items={tags}
          addButtonText={t('addTag')}
          removeButtonText={t('remove')}
          removeButtonAriaLabel={({ Key }) => t('removeTag', { key: Key })}
          empty={t('noTags')}
          onAddButtonClick={() => edit([...tags, BLANK])}
          onRemoveButtonClick={({ detail }) => edit(tags.filter((_, at) => at !== detail.itemIndex))}
          definition={[
            {
              label: t('key'),
              control: ({ Key }, at) => (
                <Input value={Key} ariaLabel={t('key')} spellcheck={false} onChange={({ detail }) => replace(at, { Key: detail.value })} />
              ),
              errorText: (_, at) => fault(keyFault(tags, at)),
            },
            {
              label: t('valueOptional'),
              control: ({ Value }, at) => (
                <Input value={Value} ariaLabel={t('value')} spellcheck={false} onChange={({ detail }) => replace(at, { Value: detail.value })} />
              ),
              errorText: (tag) => fault(valueFault(tag)),
            },
          ]}
        />
        {saved && refusal === undefined && <StatusIndicator>{t('tagsSaved')}</StatusIndicator>}
        {refusal !== undefined && <Refusal message={refusal} />}
      </SpaceBetween>
    </Container>
  );
}
