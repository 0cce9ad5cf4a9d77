//! Adds up what many test programs said of themselves, so that the run can close with one line.

use std::fmt;

/// How many tests passed, failed and did not run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Tally {
    /// Takes in one line of `cargo test`; any line that is not a test program's result is passed over.
    pub(crate) fn read(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for count in counts.split("; ") {
            let Some((number, what)) = count.split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<usize>() else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }

    /// Takes in one line of vitest (`Tests  5 passed | 1 failed (6)`) or of Playwright's closing lines (`  5 passed (3s)`).
    pub(crate) fn read_script(&mut self, line: &str) {
        let line = line.trim();
        let counts = match line.strip_prefix("Tests ") {
            Some(counts) => counts,
            None if line.starts_with(|first: char| first.is_ascii_digit()) => line,
            None => return,
        };
        let counts = counts.split(" (").next().unwrap_or_default();
        for count in counts.split(" | ") {
            let Some((number, what)) = count.trim().split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<usize>() else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" | "flaky" => self.failed += number,
                "skipped" | "did not run" => self.skipped += number,
                _ => {}
            }
        }
    }

    /// Tests that found they could not run here end as passed: they are counted as skipped instead.
    pub(crate) fn skip(&mut self, tests: usize) {
        let tests = tests.min(self.passed);
        self.passed -= tests;
        self.skipped += tests;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.read(line);
        }
        tally
    }

    #[test]
    fn lines_that_are_no_result_count_nothing() {
        assert_eq!(
            tally(&["running 3 tests", "test result", "3 passed", ""]),
            Tally::default()
        );
    }

    #[test]
    fn results_of_several_programs_are_added_up() {
        let tally = tally(&[
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 4 filtered out; finished in 1.25s",
        ]);
        assert_eq!(
            tally,
            Tally {
                passed: 7,
                failed: 3,
                skipped: 1
            }
        );
    }

    #[test]
    fn lines_of_the_consoles_tests_are_added_up() {
        let mut tally = Tally::default();
        for line in [
            " Test Files  2 passed (2)",
            "      Tests  5 passed | 1 failed | 2 skipped (8)",
            "  ✓  1 [English] › sign-in.spec.ts:5:1 › a link signs in once (2.0s)",
            "  1 skipped",
            "  12 passed (1.2m)",
            "  2 flaky",
            "5 passengers (2)",
        ] {
            tally.read_script(line);
        }
        assert_eq!(tally.to_string(), "17 passed, 3 failed, 3 skipped");
    }

    #[test]
    fn a_skipped_test_does_not_count_as_passed() {
        let mut tally = Tally {
            passed: 4,
            failed: 0,
            skipped: 1,
        };
        tally.skip(3);
        assert_eq!(tally.to_string(), "1 passed, 0 failed, 4 skipped");
    }
}
