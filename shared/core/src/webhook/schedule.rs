//! When a delivery is tried again. No clock and no randomness: both are arguments.

use crate::time::Instant;

/// Seconds from one attempt to the next; the first is the wait before the first attempt.
pub const STEPS_S: [u64; 10] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// The least wait after an answer that asks for patience: 429, or none in time.
const PATIENT_S: u64 = 60;

/// Milliseconds until the next attempt after `attempts_made`, or `None` when there is none left.
///
/// `jitter` in 0–1 spreads the wait by ± 20 %. `retry_after_s` is honoured between the step and twice the
/// step. `patient` is true after a 429 or a time-out.
pub fn next_attempt_ms(attempts_made: usize, jitter: f64, retry_after_s: Option<u64>, patient: bool) -> Option<u64> {
    let step_s = *STEPS_S.get(attempts_made)?;
    let spread_ms = (step_s as f64 * 1_000.0 * (0.8 + 0.4 * jitter.clamp(0.0, 1.0))) as u64;
    let asked_ms = retry_after_s.map_or(0, |asked_s| asked_s.clamp(step_s, 2 * step_s) * 1_000);
    let floor_ms = if patient { PATIENT_S * 1_000 } else { 0 };
    Some(spread_ms.max(asked_ms).max(floor_ms))
}

/// What a `Retry-After` asks for, in seconds from `now`: a number of seconds or a date, as HTTP has it. Anything else
/// asks for nothing.
pub fn retry_after_s(text: &str, now: Instant) -> Option<u64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than fits is more than is honoured.
        return Some(text.parse().unwrap_or(u64::MAX));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    u64::try_from(date.timestamp().as_second() - now.unix_s()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_retry_afters_ask_for_nothing() {
        let now = crate::time::parse_instant("2025-03-15T10:32:00Z").expect("valid");
        let check = |text: &str, expected| assert_eq!(retry_after_s(text, now), expected, "{text:?}");
        check("120", Some(120));
        check(" 0 ", Some(0));
        check("99999999999999999999999999", Some(u64::MAX));
        check("Sat, 15 Mar 2025 10:42:00 GMT", Some(600));
        check("Sat, 15 Mar 2025 10:22:00 GMT", None);
        for odd in ["", "-5", "+5", "1.5", "1e9", "soon", "٣", "Sat, 99 Mar 2025 10:42:00 GMT", "2025-03-15T10:42:00Z"]
        {
            check(odd, None);
        }
        assert_eq!(next_attempt_ms(2, 0.5, Some(u64::MAX), false), Some(600_000), "a huge one is twice the step");
    }

    #[test]
    fn waits_by_the_schedule() {
        assert_eq!(STEPS_S.iter().sum::<u64>(), 75 * 3_600 + 35 * 60 + 5);
        let check = |made, retry_after_s, patient, expected| {
            assert_eq!(next_attempt_ms(made, 0.5, retry_after_s, patient), expected, "{made}")
        };
        check(1, None, false, Some(5_000));
        check(1, None, true, Some(60_000));
        check(1, Some(3_600), false, Some(10_000));
        check(2, Some(400), false, Some(400_000));
        check(2, Some(1), false, Some(300_000));
        check(9, None, false, Some(86_400_000));
        check(10, None, false, None);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        let wait = |jitter| next_attempt_ms(2, jitter, None, false).expect("an attempt is left");
        assert_eq!((wait(0.0), wait(1.0), wait(9.0)), (240_000, 360_000, 360_000));
    }
}
