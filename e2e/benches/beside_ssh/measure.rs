//! The three measurements of a way, and all their rounds.
//!
//! A measurement opens a session of its own and ends it in good order, so that nothing of one is left in the next.

use std::time::{Duration, Instant};

use crate::account::PROMPT;
use crate::arguments::Arguments;
use crate::error::BenchError;
use crate::processes::{self, Process};
use crate::terminal::Terminal;
use crate::way::Way;

/// Keys typed before those that count.
const WARM_UP: usize = 50;

/// Between an echo and the next key. People are slower; what is left of the last key has to be gone.
const BETWEEN_KEYS: Duration = Duration::from_millis(5);

/// For the processes of an ended session to be gone, which the next start would otherwise pay for.
const GONE_WITHIN: Duration = Duration::from_secs(10);
const ASK_EVERY: Duration = Duration::from_millis(5);

/// What was found of one way. Each list has one entry for each round.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    /// From the client's start to the shell's first prompt.
    pub(crate) start_ms: Vec<f64>,
    /// CPU time of a whole session that only starts and exits, shell included.
    pub(crate) start_cpu_ms: Vec<f64>,
    pub(crate) echo_p50_ms: Vec<f64>,
    pub(crate) echo_p99_ms: Vec<f64>,
    /// CPU time for each key.
    pub(crate) echo_cpu_ms: Vec<f64>,
    /// 1,000,000 bytes a second.
    pub(crate) output_mb_s: Vec<f64>,
    /// CPU time for 100 MB.
    pub(crate) output_cpu_s: Vec<f64>,
    /// After the output, all programs together.
    pub(crate) peak_mib: Vec<f64>,
    /// Each program with its peak memory and its CPU time for 100 MB, in the last round.
    pub(crate) programs: Vec<Share>,
    /// Each program with how often it was woken for a key, in the last round.
    pub(crate) woken: Vec<Woken>,
}

/// How often one program was woken.
#[derive(Debug)]
pub(crate) struct Woken {
    pub(crate) name: String,
    /// Voluntary context switches of all its threads for each key.
    pub(crate) for_a_key: f64,
}

/// What one program had of an output.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) name: String,
    pub(crate) peak_mib: f64,
    pub(crate) cpu_s: f64,
}

impl Measured {
    pub(crate) fn of(name: &'static str) -> Self {
        Self {
            name,
            start_ms: Vec::new(),
            start_cpu_ms: Vec::new(),
            echo_p50_ms: Vec::new(),
            echo_p99_ms: Vec::new(),
            echo_cpu_ms: Vec::new(),
            output_mb_s: Vec::new(),
            output_cpu_s: Vec::new(),
            peak_mib: Vec::new(),
            programs: Vec::new(),
            woken: Vec::new(),
        }
    }

    /// Measures one round.
    pub(crate) fn add(&mut self, way: &Way, arguments: &Arguments) -> Result<(), BenchError> {
        let started = start(way)?;
        self.start_ms.push(started.ms);
        self.start_cpu_ms.push(started.cpu_ms);

        let echo = echo(way, arguments.keys)?;
        self.echo_p50_ms.push(echo.p50_ms);
        self.echo_p99_ms.push(echo.p99_ms);
        self.echo_cpu_ms.push(echo.cpu_ms);
        self.woken = echo.woken;

        let output = output(way, arguments.megabytes)?;
        self.output_mb_s.push(output.mb_s);
        self.output_cpu_s
            .push(output.programs.iter().map(|share| share.cpu_s).sum());
        self.peak_mib
            .push(output.programs.iter().map(|share| share.peak_mib).sum());
        self.programs = output.programs;
        Ok(())
    }
}

/// One start.
pub(crate) struct Started {
    ms: f64,
    cpu_ms: f64,
}

/// From nothing to the prompt; the CPU time is that of the whole session.
pub(crate) fn start(way: &Way) -> Result<Started, BenchError> {
    let resting = processes::carriers(&[way.daemon]);
    let before = whole_ms(&resting) + processes::waited_for_ms();

    let begun = Instant::now();
    let mut terminal = Terminal::start(&way.client)?;
    terminal.expect(PROMPT)?;
    let took = begun.elapsed();

    leave(terminal)?;
    let after = until_gone(way, resting.len()) + processes::waited_for_ms();
    Ok(Started {
        ms: ms(took),
        cpu_ms: after.saturating_sub(before) as f64,
    })
}

struct Echo {
    p50_ms: f64,
    p99_ms: f64,
    cpu_ms: f64,
    woken: Vec<Woken>,
}

/// One key at a time into a program that writes back every byte it reads.
fn echo(way: &Way, keys: usize) -> Result<Echo, BenchError> {
    let resting = processes::carriers(&[way.daemon]).len();
    let mut terminal = Terminal::start(&way.client)?;
    terminal.expect(PROMPT)?;
    let count = WARM_UP + keys;
    // The words are joined by the shell, so that its echo of the line is not taken for them.
    let line =
        format!("stty raw -echo; printf 'go''on:'; dd bs=1 count={count} 2>/dev/null; stty sane\r");
    terminal.send(line.as_bytes())?;
    terminal.expect("goon:")?;

    let roots = [way.daemon, terminal.pid()];
    let mut before = Vec::new();
    let mut took = Vec::with_capacity(keys);
    for number in 0..count {
        if number == WARM_UP {
            before = processes::carriers(&roots);
        }
        std::thread::sleep(BETWEEN_KEYS);
        let begun = Instant::now();
        terminal.send(b"k")?;
        terminal.pass(1)?;
        if number >= WARM_UP {
            took.push(ms(begun.elapsed()));
        }
    }
    let after = processes::carriers(&roots);
    let used = own_ms(&after).saturating_sub(own_ms(&before));
    terminal.expect(PROMPT)?;
    leave(terminal)?;
    until_gone(way, resting);

    took.sort_by(f64::total_cmp);
    Ok(Echo {
        p50_ms: quantile(&took, 50),
        p99_ms: quantile(&took, 99),
        cpu_ms: used as f64 / keys as f64,
        woken: woken(&before, after, keys),
    })
}

/// Those that keys woke; the others slept through.
fn woken(before: &[Process], after: Vec<Process>, keys: usize) -> Vec<Woken> {
    let woken = after.into_iter().map(|process| {
        let earlier = before.iter().find(|earlier| earlier.pid == process.pid);
        let sleeps = process.sleeps - earlier.map_or(0, |earlier| earlier.sleeps);
        Woken {
            name: process.name,
            for_a_key: sleeps as f64 / keys as f64,
        }
    });
    woken.filter(|program| program.for_a_key > 0.5).collect()
}

struct Printed {
    mb_s: f64,
    programs: Vec<Share>,
}

/// A file of lines printed to an ordinary terminal, every byte counted.
fn output(way: &Way, megabytes: usize) -> Result<Printed, BenchError> {
    let resting = processes::carriers(&[way.daemon]).len();
    let mut terminal = Terminal::start(&way.client)?;
    terminal.expect(PROMPT)?;
    let roots = [way.daemon, terminal.pid()];
    let before = processes::carriers(&roots);

    let line = format!(
        "printf 'go''on:'; cat {}; printf 'do''ne:'\r",
        way.output.file()
    );
    terminal.send(line.as_bytes())?;
    terminal.expect("goon:")?;
    let begun = Instant::now();
    // The terminal shows a line end as two bytes.
    terminal.pass(way.output.bytes(megabytes) + way.output.lines(megabytes))?;
    let took = begun.elapsed();
    terminal.expect("done:")?;

    let after = processes::carriers(&roots);
    leave(terminal)?;
    until_gone(way, resting);

    let printed_mb = way.output.bytes(megabytes) as f64 / 1e6;
    let programs = after
        .into_iter()
        .map(|process| {
            let earlier = before.iter().find(|earlier| earlier.pid == process.pid);
            let used = process.own_ms - earlier.map_or(0, |earlier| earlier.own_ms);
            Share {
                cpu_s: used as f64 / 1000.0 * 100.0 / printed_mb,
                peak_mib: process.peak_kib as f64 / 1024.0,
                name: process.name,
            }
        })
        .collect();
    Ok(Printed {
        mb_s: printed_mb / took.as_secs_f64(),
        programs,
    })
}

fn leave(mut terminal: Terminal) -> Result<(), BenchError> {
    terminal.send(b"exit\r")?;
    terminal.end()
}

/// Waits until the daemon has no more processes than before the session, and hands back all they used.
fn until_gone(way: &Way, resting: usize) -> u64 {
    let until = Instant::now() + GONE_WITHIN;
    loop {
        let now = processes::carriers(&[way.daemon]);
        if now.len() <= resting || Instant::now() >= until {
            return whole_ms(&now);
        }
        std::thread::sleep(ASK_EVERY);
    }
}

fn own_ms(processes: &[Process]) -> u64 {
    processes.iter().map(|process| process.own_ms).sum()
}

fn whole_ms(processes: &[Process]) -> u64 {
    own_ms(processes)
        + processes
            .iter()
            .map(|process| process.children_ms)
            .sum::<u64>()
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The value that so many percent of the sorted values do not pass.
pub(crate) fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}
