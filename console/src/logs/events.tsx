// The events of a log stream, followed as they come while live tail is on. What nodes wrote is shown as text.

import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';
import Toggle from '@cloudscape-design/components/toggle';
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Events, events, type LogEvent } from '../api/logs';
import { useTimes, useWords } from '../i18n/language';
import { useEvery } from '../shell/every';
import { Filter } from '../shell/filter';
import { refusedBy } from '../shell/loaded';
import { plain } from '../shell/plain-text';
import { Refusal } from '../shell/refusal';
import { logWords } from './words';

const REFRESH_MS = 2000;
/** Events that the page holds; the oldest go first. */
const KEPT = 5000;

interface LogEventsProps {
  readonly group: string;
  readonly stream: string;
}

interface Shown extends LogEvent {
  readonly number: number;
}

export default function LogEvents({ group, stream }: LogEventsProps): React.JSX.Element {
  const t = useWords(logWords);
  const { moment } = useTimes();
  const [shown, setShown] = useState<readonly Shown[]>([]);
  const [isLive, setLive] = useState(true);
  const [filter, setFilter] = useState('');
  const [refusal, setRefusal] = useState<string>();
  const place = useRef<{ token: string | undefined; count: number; isReading: boolean }>({ token: undefined, count: 0, isReading: false });

  /** Reads on to the present end. One at a time: two would read the same. */
  const read = useCallback(async (): Promise<void> => {
    const at = place.current;
    if (at.isReading) {
      return;
    }
    at.isReading = true;
    try {
      let page: Events;
      do {
        page = await events(group, stream, at.token);
        at.token = page.nextForwardToken;
        const numbered = page.events.map((event, index) => ({ ...event, number: at.count + index }));
        at.count += numbered.length;
        setShown((before) => [...before, ...numbered].slice(-KEPT));
      } while (page.events.length > 0);
    } catch (error) {
      setRefusal(refusedBy(error).message);
    } finally {
      at.isReading = false;
    }
  }, [group, stream]);
  useEffect(() => void read(), [read]);
  useEvery(REFRESH_MS, useCallback(() => void (isLive && read()), [isLive, read]));

  return (
    <>
      {refusal !== undefined && <Refusal message={refusal} />}
      <Table
        variant="full-page"
        enableKeyboardNavigation
        wrapLines
        trackBy={({ number }) => String(number)}
        items={shown.filter(({ message }) => message.toLowerCase().includes(filter.toLowerCase()))}
        empty={t('noEvents')}
        header={
          <Header
            variant="awsui-h1-sticky"
            description={group}
            counter={`(${shown.length})`}
            actions={
              <Toggle checked={isLive} onChange={({ detail }) => setLive(detail.checked)}>
                {t('live')}
              </Toggle>
            }
          >
            {plain(stream)}
          </Header>
        }
        filter={<Filter text={filter} label={t('findEvents')} onChange={setFilter} />}
        columnDefinitions={[
          { id: 'time', header: t('time'), cell: ({ timestamp }) => moment(timestamp / 1000) },
          { id: 'message', header: t('message'), isRowHeader: true, cell: ({ message }) => plain(message) },
        ]}
      />
    </>
  );
}
