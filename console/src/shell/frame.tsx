// Navigation beside the page. Each page is a file of its own, loaded when somebody goes there.

import AppLayout from '@cloudscape-design/components/app-layout';
import SideNavigation, { type SideNavigationProps } from '@cloudscape-design/components/side-navigation';
import Spinner from '@cloudscape-design/components/spinner';
import { lazy, Suspense } from 'react';
import type { Identity } from '../api/identity';
import { useWords } from '../i18n/language';
import { type Place, to, usePlace } from './route';
import { shellWords } from './words';

const SessionManager = lazy(() => import('../session-manager/page'));
const EditPreferences = lazy(() => import('../preferences/edit'));
const StartSession = lazy(() => import('../sessions/start'));
const TerminalPage = lazy(() => import('../terminal/page'));
const ManagedNodes = lazy(() => import('../nodes/list'));
const RegisterNode = lazy(() => import('../nodes/register'));
const Entities = lazy(() => import('../iam/entities'));
const EntityPage = lazy(() => import('../iam/entity'));

interface FrameProps {
  readonly identity: Identity;
}

export function Frame({ identity }: FrameProps): React.JSX.Element {
  const t = useWords(shellWords);
  const place = usePlace();
  const items: SideNavigationProps.Item[] = [
    { type: 'link', text: t('sessionManager'), href: to('session-manager') },
    { type: 'link', text: t('managedNodes'), href: to('managed-nodes') },
    {
      type: 'section-group',
      title: t('iam'),
      items: [
        { type: 'link', text: t('users'), href: to('iam', 'users') },
        { type: 'link', text: t('roles'), href: to('iam', 'roles') },
      ],
    },
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
        return <EditPreferences who={identity.arn} />;
      }
      if (part === 'start') {
        return <StartSession />;
      }
      if (part === 'terminal' && name !== undefined) {
        return <TerminalPage sessionId={name} key={name} />;
      }
      return <SessionManager tab={part ?? 'sessions'} />;
    case 'managed-nodes':
      return part === 'register' ? <RegisterNode identity={identity} /> : <ManagedNodes />;
    case 'iam': {
      const kind = part === 'roles' ? 'Role' : 'User';
      return name === undefined ? <Entities kind={kind} key={kind} /> : <EntityPage kind={kind} name={name} key={kind + name} />;
    }
    default:
      return <p>{t('notFound')}</p>;
  }
}
