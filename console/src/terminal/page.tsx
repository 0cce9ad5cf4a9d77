// A session's terminal. Copy and paste are the browser's own; sequences that would reach the clipboard do nothing here.

import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { useEffect, useRef, useState } from 'react';
import { terminateSession } from '../api/ssm';
import { useWords } from '../i18n/language';
import { refusedBy } from '../shell/loaded';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { go } from '../shell/route';
import { Connection, type State } from './connection';
import type { Event } from './conversation';
import { keyMaker } from './data-key';
import './page.css';
import { takeTicket } from './tickets';
import { terminalWords } from './words';

interface TerminalPageProps {
  readonly sessionId: string;
}

const STATES: Readonly<Record<State, StatusIndicatorProps.Type>> = {
  connecting: 'in-progress',
  connected: 'success',
  reconnecting: 'warning',
  over: 'stopped',
};

/** What stays to be read: why it ended rather than that it did. */
function later(before: Event | undefined, event: Event): Event {
  const isPlainEnd = event.kind === 'closed' && event.reason === '';
  const isReason = before?.kind === 'unsupported' || before?.kind === 'keyless';
  return isReason || (before?.kind === 'exit' && isPlainEnd) ? before : event;
}

export default function TerminalPage({ sessionId }: TerminalPageProps): React.JSX.Element {
  const t = useWords(terminalWords);
  const place = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<State>('connecting');
  const [last, setLast] = useState<Event>();
  const [refusal, setRefusal] = useState<string>();

  useEffect(() => {
    const element = place.current;
    if (element === null) {
      return;
    }
    const terminal = new Terminal({ cursorBlink: true, fontSize: 14, screenReaderMode: true, scrollback: 10_000 });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.open(element);
    fit.fit();
    const size = { cols: terminal.cols, rows: terminal.rows };
    const ticket = takeTicket(sessionId);
    const connection = new Connection(sessionId, ticket?.token, size, keyMaker(sessionId, ticket?.node), {
      state: setState,
      event: (event) => {
        if (event.kind === 'output') {
          terminal.write(event.bytes);
        } else if (event.kind === 'started') {
          terminal.focus();
        } else {
          setLast((before) => later(before, event));
        }
      },
    });
    const utf8 = new TextEncoder();
    terminal.onData((text) => connection.type(utf8.encode(text)));
    // Mouse reports of old programs are bytes, not text.
    terminal.onBinary((text) => connection.type(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
    terminal.onResize(({ cols, rows }) => connection.resize({ cols, rows }));
    const watcher = new ResizeObserver(() => fit.fit());
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      connection.leave();
      terminal.dispose();
    };
  }, [sessionId]);

  const isOpen = state !== 'over';
  useEffect(() => {
    // The terminal is this page's: loaded anew it could not take up what was shown.
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    if (isOpen) {
      window.addEventListener('beforeunload', ask);
    }
    return () => window.removeEventListener('beforeunload', ask);
  }, [isOpen]);

  const terminate = (): void => {
    terminateSession(sessionId).catch((error: unknown) => setRefusal(refusedBy(error).message));
  };
  return (
    <SpaceBetween size="s">
      <Header
        variant="h1"
        actions={
          <SpaceBetween direction="horizontal" size="xs" alignItems="center">
            <StatusIndicator type={STATES[state]}>{t(state)}</StatusIndicator>
            {state === 'over' ? (
              <Button onClick={() => go('session-manager', 'sessions')}>{t('back')}</Button>
            ) : (
              <Button onClick={terminate}>{t('terminate')}</Button>
            )}
          </SpaceBetween>
        }
      >
        {t('terminal', { id: plain(sessionId) })}
      </Header>
      {refusal !== undefined && <Refusal message={refusal} />}
      {last?.kind === 'exit' && <div role="status">{t('exit', { code: plain(last.code) })}</div>}
      {last?.kind === 'closed' && last.reason !== '' && <Refusal message={plain(last.reason)} />}
      {last?.kind === 'keyless' && <Refusal message={t('keyless', { reason: plain(last.reason) })} />}
      {last?.kind === 'mistrusted' && <Refusal message={t(last.doubt)} />}
      {last?.kind === 'unsupported' && <Refusal message={t('unsupported', { action: plain(last.action) })} />}
      <div className="usher-terminal" ref={place} data-testid="terminal" />
    </SpaceBetween>
  );
}
