// How a session is shown in a table: the columns that the lists of running and of ended sessions are made from.

import Link from '@cloudscape-design/components/link';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import type { TableProps } from '@cloudscape-design/components/table';
import type { Became } from '../api/became';
import type { Session } from '../api/ssm';
import { useTimes, useWords } from '../i18n/language';
import { plain } from '../shell/plain-text';
import { to } from '../shell/route';
import { sessionWords } from './words';

type Column = TableProps.ColumnDefinition<Session>;
export type Say = (key: keyof typeof sessionWords, places?: Record<string, string>) => string;

const RULES: Readonly<Record<string, keyof typeof sessionWords>> = {
  off: 'ruleOff',
  'principal-tag': 'rulePrincipalTag',
  'session-tag': 'ruleSessionTag',
  'preferences-default': 'rulePreferences',
  'document-default': 'ruleDocument',
  'nothing-named': 'ruleNothing',
};

const STATUSES: Readonly<Record<string, StatusIndicatorProps.Type>> = {
  Connected: 'success',
  Connecting: 'in-progress',
  Terminating: 'in-progress',
  Disconnected: 'stopped',
  Terminated: 'stopped',
  Failed: 'error',
};

export function status(name: string, t: Say): React.JSX.Element {
  const type = STATUSES[name];
  return type === undefined ? (
    <>{plain(name)}</>
  ) : (
    <StatusIndicator type={type}>{t(name as keyof typeof sessionWords)}</StatusIndicator>
  );
}

/** The rule in words; its name where there are none for it. */
export function ruleWords(name: string, t: Say): string {
  const rule = RULES[name];
  return rule === undefined ? plain(name) : t(rule);
}

/** The OS user and the rule in one sentence. */
export function runsAs(one: Became | undefined, t: Say): string {
  if (one === undefined) {
    return '–';
  }
  const user = one.rule === 'off' ? 'ssm-user' : one.osUser === '' ? t('noUser') : plain(one.osUser);
  return `${user} (${ruleWords(one.rule, t)})`;
}

export function useSessionColumns(who: ReadonlyMap<string, Became>): Record<
  'id' | 'owner' | 'target' | 'runsAs' | 'status' | 'started' | 'ended' | 'reason' | 'details' | 'log',
  Column
> {
  const t = useWords(sessionWords);
  const { moment } = useTimes();
  return {
    id: {
      id: 'id',
      header: t('sessionId'),
      isRowHeader: true,
      cell: ({ SessionId }) => <Link href={to('session-manager', 'session', SessionId)}>{plain(SessionId)}</Link>,
    },
    owner: { id: 'owner', header: t('owner'), cell: ({ Owner }) => plain(Owner.split('/').slice(1).join('/') || Owner) },
    target: { id: 'target', header: t('target'), cell: ({ Target }) => plain(Target) },
    runsAs: { id: 'runsAs', header: t('runsAs'), cell: ({ SessionId }) => runsAs(who.get(SessionId), t) },
    status: { id: 'status', header: t('status'), cell: ({ Status }) => status(Status, t) },
    started: { id: 'started', header: t('started'), cell: ({ StartDate }) => moment(StartDate) },
    ended: { id: 'ended', header: t('ended'), cell: ({ EndDate }) => moment(EndDate) },
    reason: { id: 'reason', header: t('reason'), cell: ({ Reason }) => plain(Reason ?? '–') },
    details: { id: 'details', header: t('details'), cell: ({ Details }) => plain(Details ?? '–') },
    log: {
      id: 'log',
      header: t('log'),
      cell: ({ OutputUrl }) => plain(OutputUrl?.S3OutputUrl ?? OutputUrl?.CloudWatchOutputUrl ?? '–'),
    },
  };
}

/** Whether any text of the session, or the OS user that it ran as, holds the filter. */
export function matches(session: Session, who: Became | undefined, filter: string): boolean {
  const { SessionId, Target, Owner, Reason, Status, Details } = session;
  const texts = [SessionId, Target, Owner, Reason ?? '', Status, Details ?? '', who?.osUser ?? ''];
  return texts.some((text) => text.toLowerCase().includes(filter.toLowerCase()));
}
