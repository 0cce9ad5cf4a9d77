//! Trails that somebody changed who has the database, but neither the heads nor their key.
//!
//! `USHER_MUTATIONS` says how many are tried; `cargo xtask soak` tries 100,000.

use serde_json::json;

use super::*;
use crate::audit::chain::entry;
use crate::audit::heads::HeadKey;
use crate::vault::Vault;

const RECORDS: i64 = 40;
/// The last record that a head covers.
const ANCHORED: i64 = 36;
const HEAD_EVERY: i64 = 6;

/// A trail with its heads.
fn trail() -> (Vec<AuditRow>, Vec<Head>) {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(&folder.path().join("root.key"), false).unwrap();
    let key = HeadKey::of(&vault).unwrap();
    let (mut rows, mut heads): (Vec<AuditRow>, Vec<Head>) = (Vec::new(), Vec::new());
    for number in 1..=RECORDS {
        let record = json!({"eventID": format!("id-{number}"), "eventName": "StartSession", "eventTime": "2026-11-22T08:51:16Z",
            "eventSource": "ssm.amazonaws.com", "readOnly": false, "userIdentity": {"userName": format!("user-{number}")},
            "resources": [{"type": "AWS::SSM::ManagedInstance", "ARN": format!("arn:aws:ssm:r:a:managed-instance/mi-{number}")}]});
        let entry = entry(&record);
        let before = rows.last().map_or(Vec::new(), |row| row.hash.clone());
        let hash = link(&before, number, &entry.record);
        rows.push(AuditRow {
            number,
            hash,
            entry,
        });
        if number % HEAD_EVERY == 0 && number <= ANCHORED {
            let row = rows.last().unwrap();
            heads.push(key.sign(number, &row.hash, number * 10_000));
        }
    }
    (rows, heads)
}

fn verified(rows: &[AuditRow], heads: &[Head]) -> Verification {
    let mut verifier = Verifier::new(heads.to_vec(), &[]);
    rows.iter().for_each(|row| verifier.take(row));
    verifier.finish("audit")
}

/// Makes the chain fit again from `from` on, numbers included.
fn make_fit(rows: &mut [AuditRow], from: usize) {
    for at in from..rows.len() {
        let before = at
            .checked_sub(1)
            .map_or(Vec::new(), |before| rows[before].hash.clone());
        let number = i64::try_from(at).unwrap() + 1;
        rows[at].number = number;
        rows[at].hash = link(&before, number, &rows[at].entry.record);
    }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }
}

/// Changes the trail in one of the ways there are, and says what was done and from which record on.
fn mutate(rows: &mut Vec<AuditRow>, dice: &mut Dice) -> (String, i64) {
    let at = dice.below(rows.len());
    let other = dice.below(rows.len());
    let first = at.min(other);
    let what = match dice.below(8) {
        0 => {
            let text = &mut rows[at].entry.record;
            let mut bytes = std::mem::take(text).into_bytes();
            let place = dice.below(bytes.len());
            bytes[place] ^= 1;
            *text = String::from_utf8(bytes).unwrap();
            return (format!("flipped a letter of {at}"), numbered(at));
        }
        1 => {
            let place = dice.below(32);
            rows[at].hash[place] ^= 1 << dice.below(8);
            return (format!("flipped a bit of the link {at}"), numbered(at));
        }
        2 => {
            rows.remove(at);
            return (format!("cut {at} out"), numbered(at));
        }
        3 => {
            rows.truncate(at);
            return (format!("cut the tail from {at} on"), numbered(at));
        }
        4 => {
            rows.swap(at, other);
            "swapped"
        }
        5 => {
            rows[at].entry.username.push('x');
            return (format!("laid {at} where nobody looks"), numbered(at));
        }
        6 => {
            rows[at].entry = entry(&json!({"eventID": "forged"}));
            make_fit(rows, at);
            return (
                format!("forged {at} and recomputed the chain"),
                numbered(at),
            );
        }
        _ => {
            rows.remove(at);
            make_fit(rows, at);
            return (
                format!("cut {at} out and recomputed the chain"),
                numbered(at),
            );
        }
    };
    (format!("{what} {at} and {other}"), numbered(first))
}

fn numbered(at: usize) -> i64 {
    i64::try_from(at).unwrap() + 1
}

#[test]
fn every_change_to_what_was_signed_is_found() {
    let (rows, heads) = trail();
    let count = std::env::var("USHER_MUTATIONS").map_or(3000, |count| count.parse().unwrap());
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut found, mut unanchored) = (0, 0);
    for round in 0..count {
        let mut changed = rows.clone();
        let (what, from) = mutate(&mut changed, &mut dice);
        if changed == rows {
            continue;
        }
        let verification = verified(&changed, &heads);
        if verification.is_whole() {
            // Only what no head covers can be made to fit, and it is named as such or is gone.
            assert!(from > ANCHORED, "{what} was not found in round {round}");
            let named = verification
                .not_anchored
                .map_or(ANCHORED, |(first, _)| first - 1);
            assert_eq!(named, ANCHORED, "{what} in round {round}");
            unanchored += 1;
        } else {
            found += 1;
        }
    }
    println!("{found} changes found, {unanchored} among records that no head covers yet");
    assert!(found > count / 2, "{found} of {count}");
}

#[test]
fn a_whole_trail_is_whole_and_says_what_no_head_covers() {
    let (rows, heads) = trail();
    let verification = verified(&rows, &heads);
    assert!(verification.is_whole(), "{verification:?}");
    assert_eq!(verification.records, 40);
    assert_eq!(verification.heads, 6);
    assert_eq!(
        verification.last_head,
        Some(("1970-01-01T00:06:00Z".to_owned(), ANCHORED))
    );
    assert_eq!(verification.not_anchored, Some((37, 40)));
}

#[test]
fn a_trail_that_is_gone_is_cut_and_one_without_heads_is_not_believed() {
    let (rows, heads) = trail();
    let gone = verified(&[], &heads);
    assert_eq!(gone.findings.len(), 6);
    assert!(gone.findings[0].to_string().contains("its end was cut off"));
    let unproven = verified(&rows, &[]);
    assert!(
        unproven.findings[0].to_string().contains("no head"),
        "{unproven:?}"
    );
}

#[test]
fn findings_are_bounded() {
    let (mut rows, heads) = trail();
    rows.iter_mut().for_each(|row| row.hash.clear());
    let verification = verified(&rows, &heads);
    assert_eq!(
        (verification.findings.len(), verification.further),
        (20, 20)
    );
}
