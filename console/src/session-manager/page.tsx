// Session Manager: its tabs.

import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { useWords } from '../i18n/language';
import { PreferencesTab } from '../preferences/tab';
import { go, to } from '../shell/route';
import { shellWords } from '../shell/words';
import { preferencesWords } from '../preferences/words';
import { HistoryTab } from '../sessions/history-tab';
import { SessionsTab } from '../sessions/tab';
import { sessionWords } from '../sessions/words';

interface SessionManagerProps {
  readonly tab: string;
}

export default function SessionManager({ tab }: SessionManagerProps): React.JSX.Element {
  const t = useWords(shellWords);
  const p = useWords(preferencesWords);
  const s = useWords(sessionWords);
  const tabs = [
    { id: 'sessions', label: s('sessions'), content: <SessionsTab /> },
    { id: 'history', label: s('history'), content: <HistoryTab /> },
    { id: 'preferences', label: p('preferences'), content: <PreferencesTab /> },
  ];
  return (
    <SpaceBetween size="m">
      <Header variant="h1">{t('sessionManager')}</Header>
      <Tabs
        activeTabId={tabs.some(({ id }) => id === tab) ? tab : (tabs[0]?.id ?? tab)}
        tabs={tabs.map((one) => ({ ...one, href: to('session-manager', one.id) }))}
        onChange={({ detail }) => go('session-manager', detail.activeTabId)}
      />
    </SpaceBetween>
  );
}
