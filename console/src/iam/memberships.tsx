// Who is in which user group, seen from the user and from the group.

import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import Select from '@cloudscape-design/components/select';
import Table from '@cloudscape-design/components/table';
import { useCallback, useState } from 'react';
import { addMember, entities, groupsOf, type Kind, members, nameOf, removeMember } from '../api/iam';
import { useWords } from '../i18n/language';
import { Ask } from '../shell/ask';
import { useDoing } from '../shell/doing';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { pageOf } from './kinds';
import { iamWords } from './words';

export function GroupsTab({ user }: { readonly user: string }): React.JSX.Element {
  const listed = useCallback(() => groupsOf(user), [user]);
  return <Memberships other="Group" listed={listed} pair={(group) => ({ group, user })} />;
}

export function MembersTab({ group }: { readonly group: string }): React.JSX.Element {
  const listed = useCallback(() => members(group), [group]);
  return <Memberships other="User" listed={listed} pair={(user) => ({ group, user })} />;
}

interface Pair {
  readonly group: string;
  readonly user: string;
}

interface MembershipsProps {
  /** What is listed: the groups of a user, or the users of a group. */
  readonly other: Extract<Kind, 'Group' | 'User'>;
  readonly listed: () => ReturnType<typeof members>;
  readonly pair: (name: string) => Pair;
}

function Memberships({ other, listed, pair }: MembershipsProps): React.JSX.Element {
  const t = useWords(iamWords);
  const found = useLoaded(listed);
  const doing = useDoing();
  const [adding, setAdding] = useState(false);
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const names = found.state === 'loaded' ? found.value.map(nameOf) : [];
  const add = t(other === 'Group' ? 'addToGroup' : 'addUsers');
  return (
    <>
      {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
      <Table
        variant="container"
        enableKeyboardNavigation
        trackBy={(name) => name}
        loading={found.state === 'loading'}
        items={names}
        empty={t('noneFound')}
        header={
          <Header
            variant="h2"
            counter={`(${names.length})`}
            actions={
              <PermittedButton needs={[{ action: 'iam:AddUserToGroup' }]} onClick={() => setAdding(true)}>
                {add}
              </PermittedButton>
            }
          >
            {t(other === 'Group' ? 'groups' : 'users')}
          </Header>
        }
        columnDefinitions={[
          { id: 'name', header: t('name'), isRowHeader: true, cell: (name) => <Link href={pageOf(other, name)}>{name}</Link> },
          {
            id: 'actions',
            header: t('actions'),
            cell: (name) => (
              <Button
                variant="inline-link"
                ariaLabel={t('removeFrom', { ...pair(name) })}
                onClick={() => doing.start(() => removeMember(pair(name).group, pair(name).user), found.again)}
              >
                {t('remove')}
              </Button>
            ),
          },
        ]}
      />
      {adding && (
        <Add
          other={other}
          title={add}
          held={names}
          add={(name) => addMember(pair(name).group, pair(name).user)}
          onClosed={() => {
            setAdding(false);
            found.again();
          }}
        />
      )}
    </>
  );
}

interface AddProps {
  readonly other: Extract<Kind, 'Group' | 'User'>;
  readonly title: string;
  readonly held: readonly string[];
  readonly add: (name: string) => Promise<unknown>;
  readonly onClosed: () => void;
}

function Add({ other, title, held, add, onClosed }: AddProps): React.JSX.Element {
  const t = useWords(iamWords);
  const found = useLoaded(useCallback(() => entities(other), [other]));
  const doing = useDoing();
  const [name, setName] = useState<string>();
  const options = (found.state === 'loaded' ? found.value : [])
    .map(nameOf)
    .filter((one) => !held.includes(one))
    .map((value) => ({ value }));
  return (
    <Ask
      title={title}
      action={t('add')}
      doing={doing}
      disabled={name === undefined}
      onAction={() => doing.start(() => add(name ?? ''), onClosed)}
      onClosed={onClosed}
    >
      {found.state === 'refused' && <Refusal message={found.message} />}
      <FormField label={t(other === 'Group' ? 'group' : 'user')}>
        <Select
          selectedOption={options.find(({ value }) => value === name) ?? null}
          options={options}
          filteringType="auto"
          placeholder={t(other === 'Group' ? 'chooseGroup' : 'chooseUser')}
          statusType={found.state === 'loading' ? 'loading' : 'finished'}
          empty={t('noneFound')}
          onChange={({ detail }) => setName(detail.selectedOption.value)}
        />
      </FormField>
    </Ask>
  );
}
