//! Editors, pagers, multiplexers, odd characters and windows that do not stand still.

use super::PROGRAMS;
use super::side_by_side::SideBySide;
use crate::harness::skip::lacks;

#[test]
fn vim_edits_splits_and_searches_as_on_a_local_terminal() {
    if lacks(&PROGRAMS) {
        return;
    }
    let mut both = SideBySide::start(80, 24);
    both.prepare("seq 1 200 >numbers");
    both.send("clear; vim -u NONE -N -n numbers\r");
    both.agree_on("200L");
    both.send(":set number hlsearch\r/17\r:vsplit\rGkk");
    both.agree_on("198 198");
    both.send("iinserted\x1b:split\r");
    both.agree_on("inserted198");
    both.send(":qall!\r");
    both.agree_on("$ ");
}

#[test]
fn less_pages_and_searches_as_on_a_local_terminal() {
    if lacks(&PROGRAMS) {
        return;
    }
    let mut both = SideBySide::start(80, 24);
    both.prepare("seq -f 'line %g of many' 1 3000 >lines");
    both.send("clear; less lines\r");
    both.agree_on("line 23 of many");
    both.send("  /line 777 \r");
    both.agree_on("line 777 of many");
    both.send("G");
    both.agree_on("line 3000 of many");
    both.send("q");
    both.agree_on("$ ");
}

#[test]
fn tmux_splits_its_window_as_on_a_local_terminal() {
    if lacks(&PROGRAMS) {
        return;
    }
    let mut both = SideBySide::start(100, 30);
    // Clock, host and the running program's name are no matter of the terminal.
    let settings = "set -g status-right '';set -g status-left '';setw -g automatic-rename off;\
                    setw -g window-status-current-format pane";
    both.prepare(&format!(
        "printf '{}' >tmux.conf",
        settings.replace('\'', "\"").replace(';', "\\n")
    ));
    both.send("clear; PS1='% ' ENV= ");
    both.send_each("tmux -L session ", "tmux -L local ");
    both.send("-f tmux.conf new-session -n pane 'exec sh'\r");
    both.agree_on("pane");
    both.send("PS1='% '; clear\r");
    both.agree_on("% ");
    both.send("\x02%");
    both.agree_on("$ ");
    both.send("\x02\"");
    // Typed before the new shell is there, its echo may come twice: it is cleared away.
    both.send("clear; tmux list-panes -F '#{pane_width}x#{pane_height}'\r");
    both.agree_on("49x14");
    both.send("tmux kill-server\r");
    both.expect("[server exited]");
}

#[test]
fn wide_and_combining_characters_take_the_cells_they_take_locally() {
    if lacks(&PROGRAMS) {
        return;
    }
    let mut both = SideBySide::start(21, 10);
    // The wide ones meet the right margin in the middle of a cell.
    both.prepare("printf 'a世界世界世界世界世界世界e\\314\\201o\\314\\210 🎉🎉\\n\\tZ\\033[1;31mred\\033[0m\\n' >odd");
    both.send("clear; cat odd\r");
    both.agree_on("red");
    // Keys typed before the prompt are echoed by the terminal, and not as the shell's line shows them.
    both.agree_on("$ ");
    both.send("echo 日本語 e\u{301}\x1b[D\x1b[D\x1b[Dx\r");
    both.agree_on("日本");
}

#[test]
fn a_storm_of_resizes_ends_in_the_same_screen() {
    if lacks(&PROGRAMS) {
        return;
    }
    let mut both = SideBySide::start(80, 24);
    both.prepare("seq 1 200 >storm");
    both.send("clear; vim -u NONE -N -n storm\r");
    both.agree_on("200L");
    for step in 0..200_u16 {
        both.resize(40 + step * 7 % 90, 10 + step * 5 % 40);
    }
    both.resize(97, 31);
    both.send(":qall!\r");
    both.agree_on("$ ");
    both.send("clear; stty size\r");
    both.agree_on("31 97");
    // Where a file is scrolled to during the storm depends on which sizes a program saw; what it draws after does not.
    both.send("clear; vim -u NONE -N -n storm\r");
    both.agree_on("200L");
    both.send(":set number\r50Gzt");
    both.agree_on(" 50 50");
    both.send(":qall!\r");
}
