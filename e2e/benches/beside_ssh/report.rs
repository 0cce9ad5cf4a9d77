//! The result, for people and for programs. A ratio is the median over the rounds of each round's own ratio.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::machine::Machine;
use crate::measure::{Measured, quantile};

/// Everything one run found.
pub(crate) struct Report<'a> {
    pub(crate) arguments: &'a Arguments,
    pub(crate) before: Machine,
    pub(crate) after: Machine,
    pub(crate) skipped: Vec<String>,
    /// ssh first.
    pub(crate) measured: Vec<Measured>,
}

/// A measure: its name in the table, its name in JSON, and its rounds.
type Measure = (&'static str, &'static str, fn(&Measured) -> &[f64]);

const MEASURES: [Measure; 8] = [
    ("start to prompt, ms", "start_ms", |m| &m.start_ms),
    ("key echo p50, ms", "echo_p50_ms", |m| &m.echo_p50_ms),
    ("key echo p99, ms", "echo_p99_ms", |m| &m.echo_p99_ms),
    ("output, MB/s", "output_mb_s", |m| &m.output_mb_s),
    ("CPU of a start and exit, ms", "start_cpu_ms", |m| {
        &m.start_cpu_ms
    }),
    ("CPU of a key, ms", "echo_cpu_ms", |m| &m.echo_cpu_ms),
    ("CPU of 100 MB output, s", "output_cpu_s", |m| {
        &m.output_cpu_s
    }),
    ("peak memory, MiB", "peak_mib", |m| &m.peak_mib),
];

impl Report<'_> {
    /// As Markdown, so that it can be kept as it is.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        let Machine {
            cpus,
            model,
            memory_mib,
            kernel,
            ..
        } = &self.before;
        let _ = writeln!(text, "commit: {}", self.before.commit);
        let _ = writeln!(text, "time: {} to {}", self.before.time, self.after.time);
        let _ = writeln!(
            text,
            "machine: {cpus} CPUs ({model}), {memory_mib} MiB, {kernel}"
        );
        let _ = writeln!(
            text,
            "load: {} before, {} after; the bench itself makes about one",
            self.before.load, self.after.load
        );
        let Arguments {
            rounds,
            keys,
            megabytes,
            ..
        } = self.arguments;
        let _ = writeln!(
            text,
            "medians of {rounds} rounds in alternating order, {keys} keys and {megabytes} MB each; \
             × is the median of each round's ratio to ssh\n"
        );

        let names: Vec<&str> = self.measured.iter().map(|m| m.name).collect();
        let _ = writeln!(text, "| | {} |", names.join(" | "));
        let _ = writeln!(text, "|---|{}", "---|".repeat(names.len()));
        for (title, _, rounds) in MEASURES {
            let cells: Vec<String> = self
                .measured
                .iter()
                .enumerate()
                .map(|(place, way)| match self.ratio(way, rounds) {
                    Some(ratio) if place > 0 => {
                        format!("{:.2} ({ratio:.2} ×)", median(rounds(way)))
                    }
                    _ => format!("{:.2}", median(rounds(way))),
                })
                .collect();
            let _ = writeln!(text, "| {title} | {} |", cells.join(" | "));
        }
        let _ = writeln!(
            text,
            "\nVoluntary context switches for a key in the last round:"
        );
        for way in &self.measured {
            for program in &way.woken {
                let _ = writeln!(
                    text,
                    "- {}: {}: {:.1}",
                    way.name, program.name, program.for_a_key
                );
            }
        }
        let _ = writeln!(
            text,
            "\nEach program's part of the output in the last round:"
        );
        for way in &self.measured {
            for share in &way.programs {
                let _ = writeln!(
                    text,
                    "- {}: {}: {:.2} s CPU for 100 MB, {:.1} MiB at most",
                    way.name, share.name, share.cpu_s, share.peak_mib
                );
            }
        }
        for sentence in &self.skipped {
            let _ = writeln!(text, "skipped: {sentence}");
        }
        text
    }

    /// With every round's figures.
    pub(crate) fn json(&self) -> Value {
        let ways: Vec<Value> = self.measured.iter().map(|way| self.way(way)).collect();
        json!({
            "commit": self.before.commit,
            "started": self.before.time,
            "ended": self.after.time,
            "machine": {
                "cpus": self.before.cpus, "model": self.before.model,
                "memory_mib": self.before.memory_mib, "kernel": self.before.kernel,
            },
            "load": {"before": self.before.load, "after": self.after.load},
            "rounds": self.arguments.rounds,
            "keys": self.arguments.keys,
            "megabytes": self.arguments.megabytes,
            "ways": ways,
            "skipped": self.skipped,
        })
    }

    fn way(&self, way: &Measured) -> Value {
        let mut object = json!({"name": way.name});
        for (_, name, rounds) in MEASURES {
            let value = json!({
                "median": median(rounds(way)),
                "ratio_to_ssh": self.ratio(way, rounds),
                "rounds": rounds(way),
            });
            if let Some(members) = object.as_object_mut() {
                members.insert(name.to_owned(), value);
            }
        }
        let programs: Vec<Value> = way
            .programs
            .iter()
            .map(|share| json!({"name": share.name, "cpu_s": share.cpu_s, "peak_mib": share.peak_mib}))
            .collect();
        if let Some(members) = object.as_object_mut() {
            members.insert("programs".to_owned(), Value::from(programs));
            let woken: Vec<Value> = way
                .woken
                .iter()
                .map(|program| json!({"name": program.name, "switches_for_a_key": program.for_a_key}))
                .collect();
            members.insert("woken".to_owned(), Value::from(woken));
        }
        object
    }

    fn ratio(&self, way: &Measured, rounds: fn(&Measured) -> &[f64]) -> Option<f64> {
        let ssh = rounds(self.measured.first()?);
        let ratios: Vec<f64> = rounds(way)
            .iter()
            .zip(ssh)
            .map(|(ours, theirs)| ours / theirs)
            .filter(|ratio| ratio.is_finite())
            .collect();
        (!ratios.is_empty()).then(|| median(&ratios))
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile(&sorted, 50)
}
