// Plays a recording. The player draws what a terminal would show: sequences for the clipboard or the title do nothing.

import { create, type Player } from 'asciinema-player';
import 'asciinema-player/dist/bundle/asciinema-player.css';
import { useEffect, useRef } from 'react';

interface PlayProps {
  readonly cast: string;
  readonly label: string;
  /** Seconds from the beginning; another object seeks again. */
  readonly seek: { readonly at: number } | undefined;
}

/** Pauses of the session are shortened to this many seconds. */
const IDLE = 3;

export default function Play({ cast, label, seek }: PlayProps): React.JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const player = useRef<Player>(undefined);
  useEffect(() => {
    const element = place.current;
    if (element === null) {
      return;
    }
    const made = create({ data: cast }, element, { fit: 'width', idleTimeLimit: IDLE, autoPlay: true, controls: true });
    player.current = made;
    return () => {
      player.current = undefined;
      made.dispose();
    };
  }, [cast]);
  useEffect(() => {
    if (seek !== undefined) {
      void player.current?.seek(seek.at);
    }
  }, [seek]);
  return <div ref={place} role="region" aria-label={label} data-testid="player" />;
}
