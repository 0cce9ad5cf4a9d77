//! docs/interop.md, made of the record alone: the same record makes the same page on any day.

use std::fmt::Write;

use super::clients::CLIENTS;
use super::kinds::{KINDS, Kind};
use super::record::{COMMITS, Cell, DAYS, Record, path};
use super::{AGENTS, gap};

/// The page.
pub(super) fn of(record: &Record) -> String {
    let mut page = head(record);
    let mut gaps: Vec<&str> = Vec::new();
    let mut details = String::new();
    for agent in AGENTS {
        for client in CLIENTS {
            let _ = write!(page, "| {} | {} |", client.name(), agent.name());
            for kind in KINDS {
                let cell = record.cell(client.name(), agent.name(), kind.name());
                let said = match (cell, cell.and_then(|cell| record.stale(cell))) {
                    (None, _) => "unknown".to_owned(),
                    (Some(_), Some(_)) => "unknown".to_owned(),
                    (Some(cell), None) => {
                        let said = match (cell.holds, gap(client, agent, kind)) {
                            (true, _) => "works".to_owned(),
                            (false, Some(why)) => format!("gap {}", number(&mut gaps, why)),
                            (false, None) => "**broken**".to_owned(),
                        };
                        linked(cell, &said)
                    }
                };
                let _ = write!(page, " {said} |");
                details.push_str(&detail(record, cell, client.name(), agent.name(), kind));
            }
            page.push('\n');
        }
    }
    page.push_str("\nThe gaps are AWS's programs' own, and no server can change them:\n\n");
    for (number, gap) in gaps.iter().enumerate() {
        let _ = writeln!(page, "{}. {gap}", number + 1);
    }
    page.push_str("\n## Each cell\n\n| client | node | kind | tried | commit | AWS's programs |\n|---|---|---|---|---|---|\n");
    page + &details
}

fn head(record: &Record) -> String {
    let mut page = format!(
        "# Who works with whom\n\n\
         Every client with every agent, in every kind of session, against one server over TLS; each word leads to what was seen.\n\
         `cargo xtask matrix` runs the cells whose programs it finds and writes this page; AWS's programs have to stand on the\n\
         PATH, since they are in no package registry. The suite runs the same cells. A listed gap that holds fails the run.\n\n\
         A cell that was tried more than {DAYS} days before the page was written, with other programs of AWS's than the machine has\n\
         now, or more than {COMMITS} changes of our sources ago, is unknown. Written on {} at {}.\n\n| client | node |",
        record.date, record.commit
    );
    for kind in KINDS {
        let _ = write!(page, " {} |", kind.name());
    }
    page.push_str("\n|---|---|");
    page.push_str(&"---|".repeat(KINDS.len()));
    page.push('\n');
    page
}

fn linked(cell: &Cell, said: &str) -> String {
    format!("[{said}](interop/{})", cell.transcript())
}

fn number<'a>(gaps: &mut Vec<&'a str>, gap: &'a str) -> usize {
    let known = gaps.iter().position(|known| *known == gap);
    known.unwrap_or_else(|| {
        gaps.push(gap);
        gaps.len() - 1
    }) + 1
}

fn detail(record: &Record, cell: Option<&Cell>, client: &str, agent: &str, kind: Kind) -> String {
    let Some(cell) = cell else {
        return format!("| {client} | {agent} | {} | never | | |\n", kind.name());
    };
    let programs: Vec<String> = cell
        .programs
        .iter()
        .map(|(name, digest)| format!("{name} {digest}"))
        .collect();
    let stale = record.stale(cell).map(|why| format!(": unknown, {why}"));
    format!(
        "| {client} | {agent} | {} | {}{} | {} | {} |\n",
        kind.name(),
        cell.date,
        stale.unwrap_or_default(),
        cell.commit,
        programs.join(", ")
    )
}

/// A transcript as text: what only moves a cursor is left out, and so are the blanks that fill a screen.
pub(super) fn legible(seen: &str) -> String {
    let visible: String = seen
        .chars()
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect();
    let lines: Vec<&str> = visible.lines().map(str::trim_end).collect();
    let used = lines.iter().rposition(|line| !line.is_empty());
    let used = lines
        .get(..used.map_or(0, |last| last + 1))
        .unwrap_or_default();
    used.join("\n") + "\n"
}

fn cell(date: &str, digest: &str) -> Cell {
    Cell {
        client: CLIENTS[0].name().to_owned(),
        agent: AGENTS[0].name().to_owned(),
        kind: KINDS[0].name().to_owned(),
        holds: true,
        commit: "c0ffee".to_owned(),
        date: date.to_owned(),
        programs: [("amazon-ssm-agent".to_owned(), digest.to_owned())].into(),
    }
}

fn record_with(cell: Cell) -> Record {
    Record {
        commit: "c0ffee".to_owned(),
        date: "2026-11-23".to_owned(),
        programs: [("amazon-ssm-agent".to_owned(), "aa".to_owned())].into(),
        behind: [("c0ffee".to_owned(), 0)].into(),
        cells: vec![cell],
    }
}

#[test]
fn a_cell_that_is_too_old_or_of_other_programs_is_unknown() {
    let shown = |record: &Record| of(record).lines().any(|line| line.contains("[works]"));
    assert!(!shown(&record_with(cell("2026-10-23", "aa"))));
    assert!(!shown(&record_with(cell("2026-11-23", "bb"))));
    let mut behind = record_with(cell("2026-11-23", "aa"));
    behind.behind.insert("c0ffee".to_owned(), COMMITS + 1);
    assert!(!shown(&behind));
    behind.behind.clear();
    assert!(!shown(&behind), "a commit nobody knows");
    assert!(shown(&record_with(cell("2026-10-24", "aa"))));
    let mut elsewhere = record_with(cell("2026-11-23", "bb"));
    elsewhere.programs.clear();
    assert!(
        shown(&elsewhere),
        "where the program is not, no other has taken its place"
    );
}

#[test]
fn the_page_is_what_the_record_says() {
    let page = std::fs::read_to_string(path("interop.md")).unwrap();
    let record = Record::read();
    assert!(
        page == of(&record),
        "docs/interop.md: run `cargo xtask matrix`"
    );
    for cell in &record.cells {
        assert!(path(&format!("interop/{}", cell.transcript())).exists());
    }
}
