// Making a user, a role or a group: its name, and for a role whom it trusts.

import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import { createEntity, type Kind } from '../api/iam';
import { useWords } from '../i18n/language';
import { Ask } from '../shell/ask';
import { useDoing } from '../shell/doing';
import { go } from '../shell/route';
import { SECTIONS } from './kinds';
import { PolicyText } from './policy-text';
import { iamWords } from './words';

interface CreateProps {
  readonly kind: Kind;
  readonly account: string;
  readonly onClosed: () => void;
}

/** Everybody of the account whose own policies allow it. */
function trustOf(account: string): string {
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'sts:AssumeRole' }],
  };
  return JSON.stringify(trust, null, 2);
}

export function Create({ kind, account, onClosed }: CreateProps): React.JSX.Element {
  const t = useWords(iamWords);
  const doing = useDoing();
  const [name, setName] = useState('');
  const [trust, setTrust] = useState(() => trustOf(account));
  const { path, create, nameLabel } = SECTIONS[kind];
  const make = (): void =>
    doing.start(
      () => createEntity(kind, name, kind === 'Role' ? trust : undefined),
      () => go('iam', path, name),
    );
  return (
    <Ask
      title={t(create)}
      action={t('create')}
      doing={doing}
      disabled={name === ''}
      size={kind === 'Role' ? 'large' : 'medium'}
      onAction={make}
      onClosed={onClosed}
    >
      <FormField label={t(nameLabel)}>
        <Input value={name} spellcheck={false} autoComplete={false} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
      {kind === 'Role' && <PolicyText text={trust} isTrust label={t('trust')} onChange={setTrust} />}
    </Ask>
  );
}
