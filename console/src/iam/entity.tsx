// One user, role or group: its tabs. The address names the tab, so that each can be linked to.

import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Tabs, { type TabsProps } from '@cloudscape-design/components/tabs';
import { useCallback } from 'react';
import { deleteEntity, type Entity, entity, type Kind } from '../api/iam';
import { useWords } from '../i18n/language';
import { useLoaded } from '../shell/loaded';
import { Refusal } from '../shell/refusal';
import { go, to } from '../shell/route';
import { AccessKeysTab } from './access-keys-tab';
import { Delete } from './delete';
import { on, SECTIONS } from './kinds';
import { GroupsTab, MembersTab } from './memberships';
import { PermissionsTab } from './permissions-tab';
import { SimulationTab } from './simulation-tab';
import { TagsTab } from './tags-tab';
import { TrustTab } from './trust-tab';
import { iamWords } from './words';

interface EntityProps {
  readonly kind: Kind;
  readonly name: string;
  readonly tab: string | undefined;
}

export default function EntityPage({ kind, name, tab }: EntityProps): React.JSX.Element {
  const found = useLoaded(useCallback(() => entity(kind, name), [kind, name]));
  const section = SECTIONS[kind].path;
  const tabs = useTabs(kind, name, found.state === 'loaded' ? found.value : undefined, found.again);
  return (
    <SpaceBetween size="m">
      <Header
        variant="h1"
        actions={
          <Delete
            name={name}
            needs={[{ action: `iam:Delete${kind}`, on: on(kind, name) }]}
            act={() => deleteEntity(kind, name)}
            onDeleted={() => go('iam', section)}
          />
        }
      >
        {name}
      </Header>
      {found.state === 'refused' && <Refusal message={found.message} />}
      <Tabs
        activeTabId={tabs.some(({ id }) => id === tab) && tab !== undefined ? tab : (tabs[0]?.id ?? '')}
        tabs={tabs.map((one) => ({ ...one, href: to('iam', section, name, one.id) }))}
        onChange={({ detail }) => go('iam', section, name, detail.activeTabId)}
      />
    </SpaceBetween>
  );
}

/** What asks for the entity itself waits until it is there; the other tabs do without. */
function useTabs(kind: Kind, name: string, loaded: Entity | undefined, again: () => void): TabsProps.Tab[] {
  const t = useWords(iamWords);
  const whenLoaded = (content: (loaded: Entity) => React.JSX.Element): React.JSX.Element =>
    loaded === undefined ? <Spinner /> : content(loaded);
  const permissions: TabsProps.Tab = {
    id: 'permissions',
    label: t('permissions'),
    content: <PermissionsTab kind={kind} name={name} boundary={loaded?.PermissionsBoundary} onBoundary={again} />,
  };
  const simulation: TabsProps.Tab = {
    id: 'simulation',
    label: t('simulation'),
    content: whenLoaded(({ Arn }) => <SimulationTab arn={Arn} />),
  };
  if (kind === 'Group') {
    return [{ id: 'members', label: t('users'), content: <MembersTab group={name} /> }, permissions, simulation];
  }
  const tags: TabsProps.Tab = { id: 'tags', label: t('tags'), content: <TagsTab kind={kind} name={name} /> };
  if (kind === 'Role') {
    const trust: TabsProps.Tab = {
      id: 'trust',
      label: t('trust'),
      content: whenLoaded((role) => <TrustTab key={role.AssumeRolePolicyDocument} role={role} onSaved={again} />),
    };
    return [permissions, trust, tags, simulation];
  }
  return [
    permissions,
    { id: 'groups', label: t('groupsTab'), content: <GroupsTab user={name} /> },
    tags,
    { id: 'credentials', label: t('credentials'), content: <AccessKeysTab user={name} /> },
    simulation,
  ];
}
