//! What a session's recording plays back is what its person saw.

use std::time::Instant;

use super::PROGRAMS;
use super::side_by_side::SideBySide;
use super::stream::Stream;
use crate::harness::DEADLINE;
use crate::harness::skip::lacks;

/// What the person sees is in the recording already; what is still on its way to them may be, too.
fn plays_back(both: &SideBySide, session: &str) {
    let started = Instant::now();
    loop {
        let played = Stream::of_cast(&both.recording(session)).look();
        let seen = both.seen();
        if seen == played {
            return;
        }
        assert!(
            started.elapsed() < DEADLINE,
            "--- seen\n{}\n--- played\n{}",
            seen.describe(),
            played.describe()
        );
    }
}

#[test]
fn an_editor_plays_back_as_it_was_seen() {
    if lacks(&PROGRAMS) {
        return;
    }
    let mut both = SideBySide::start(80, 24);
    let session = both.session_id();
    both.prepare("seq 1 200 >recorded");
    both.send("clear; vim -u NONE -N -n recorded\r");
    both.agree_on("200L");
    both.send(":set number hlsearch\r/17\r:vsplit\rGkk");
    both.agree_on("198 198");
    plays_back(&both, &session);
}

#[test]
fn a_pager_and_odd_characters_play_back_as_they_were_seen() {
    if lacks(&PROGRAMS) {
        return;
    }
    let mut both = SideBySide::start(61, 20);
    let session = both.session_id();
    both.prepare("seq -f 'line %g' 1 300 >played");
    both.prepare("printf 'a世界世界e\\314\\201o\\314\\210 🎉🎉\\n\\tZ\\n' >>played");
    both.send("clear; less played\r");
    both.agree_on("line 19");
    both.send("/line 77\r");
    both.agree_on("line 77");
    plays_back(&both, &session);
    both.send("G");
    both.agree_on("世界");
    plays_back(&both, &session);
}
