// Navigation beside the page. Each page is a file of its own, loaded when somebody goes there.

import AppLayout from '@cloudscape-design/components/app-layout';
import SideNavigation, { type SideNavigationProps } from '@cloudscape-design/components/side-navigation';
import Spinner from '@cloudscape-design/components/spinner';
import { lazy, Suspense } from 'react';
import type { Identity } from '../api/identity';
import { kindOf } from '../iam/kinds';
import { useWords } from '../i18n/language';
import { type Place, to, usePlace } from './route';
import { shellWords } from './words';

const SessionManager = lazy(() => import('../session-manager/page'));
const EditPreferences = lazy(() => import('../preferences/edit'));
const StartSession = lazy(() => import('../sessions/start'));
const SessionPage = lazy(() => import('../sessions/session'));
const TerminalPage = lazy(() => import('../terminal/page'));
const ManagedNodes = lazy(() => import('../nodes/list'));
const NodePage = lazy(() => import('../nodes/node'));
const RegisterNode = lazy(() => import('../nodes/register'));
const Entities = lazy(() => import('../iam/entities'));
const EntityPage = lazy(() => import('../iam/entity'));
const GuidePage = lazy(() => import('../guides/page'));
const Keys = lazy(() => import('../keys/page'));
const LogGroups = lazy(() => import('../logs/groups'));
const LogStreams = lazy(() => import('../logs/streams'));
const LogEvents = lazy(() => import('../logs/events'));
const EventHistory = lazy(() => import('../audit/history'));
const EventPage = lazy(() => import('../audit/event'));
const Policies = lazy(() => import('../iam/policies'));
const PolicyPage = lazy(() => import('../iam/policy'));

interface FrameProps {
  readonly identity: Identity;
}

export function Frame({ identity }: FrameProps): React.JSX.Element {
  const t = useWords(shellWords);
  const place = usePlace();
  const items: SideNavigationProps.Item[] = [
    { type: 'link', text: t('sessionManager'), href: to('session-manager') },
    { type: 'link', text: t('managedNodes'), href: to('managed-nodes') },
    { type: 'link', text: t('kms'), href: to('kms') },
    { type: 'link', text: t('logGroups'), href: to('log-groups') },
    { type: 'link', text: t('audit'), href: to('audit') },
    {
      type: 'section-group',
      title: t('iam'),
      items: [
        { type: 'link', text: t('groups'), href: to('iam', 'groups') },
        { type: 'link', text: t('users'), href: to('iam', 'users') },
        { type: 'link', text: t('roles'), href: to('iam', 'roles') },
        { type: 'link', text: t('policies'), href: to('iam', 'policies') },
      ],
    },
    { type: 'link', text: t('guides'), href: to('guides') },
  ];
  return (
    <AppLayout
      headerSelector="#top-bar"
      toolsHide
      ariaLabels={{
        navigation: t('navigation'),
        navigationToggle: t('openNavigation'),
        navigationClose: t('closeNavigation'),
      }}
      navigation={
        <SideNavigation
          header={{ text: t('systemsManager'), href: to('session-manager') }}
          activeHref={to(...place.path.slice(0, place.path[0] === 'iam' ? 2 : 1))}
          items={items}
        />
      }
      content={
        <Suspense fallback={<Spinner size="large" />}>
          <Page place={place} identity={identity} />
        </Suspense>
      }
    />
  );
}

interface PageProps {
  readonly place: Place;
  readonly identity: Identity;
}

function Page({ place, identity }: PageProps): React.JSX.Element {
  const t = useWords(shellWords);
  const [area, part, name] = place.path;
  switch (area) {
    case undefined:
    case 'sign-in':
      return <SessionManager tab="sessions" />;
    case 'session-manager':
      if (part === 'preferences' && name === 'edit') {
        const restore = place.query.get('version') ?? undefined;
        return <EditPreferences who={identity.arn} restore={restore} key={restore} />;
      }
      if (part === 'start') {
        return <StartSession />;
      }
      if (part === 'terminal' && name !== undefined) {
        return <TerminalPage sessionId={name} key={name} />;
      }
      if (part === 'session' && name !== undefined) {
        return <SessionPage sessionId={name} key={name} />;
      }
      return <SessionManager tab={part ?? 'sessions'} />;
    case 'managed-nodes':
      if (part === 'register') {
        return <RegisterNode identity={identity} />;
      }
      return part === undefined ? <ManagedNodes /> : <NodePage id={part} key={part} />;
    case 'guides':
      return <GuidePage id={part} key={part} />;
    case 'kms':
      return <Keys />;
    case 'log-groups':
      return <Logs group={part} stream={name} />;
    case 'audit':
      return part === undefined ? <EventHistory /> : <EventPage id={part} key={part} />;
    case 'iam':
      return <Iam place={place} account={identity.account} />;
    default:
      return <p>{t('notFound')}</p>;
  }
}

interface LogsProps {
  readonly group: string | undefined;
  readonly stream: string | undefined;
}

function Logs({ group, stream }: LogsProps): React.JSX.Element {
  if (group === undefined) {
    return <LogGroups />;
  }
  return stream === undefined ? <LogStreams group={group} /> : <LogEvents group={group} stream={stream} key={group + stream} />;
}

function Iam({ place, account }: { readonly place: Place; readonly account: string }): React.JSX.Element {
  const [, part, name, tab] = place.path;
  if (part === 'policies') {
    return name === undefined ? <Policies /> : <PolicyPage arn={name} key={name} />;
  }
  const kind = kindOf(part ?? '') ?? 'User';
  return name === undefined ? (
    <Entities kind={kind} account={account} key={kind} />
  ) : (
    <EntityPage kind={kind} name={name} tab={tab} key={kind + name} />
  );
}
