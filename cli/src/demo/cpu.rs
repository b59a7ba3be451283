//! Processor time by process, so that the demo can say where a step's time went. Linux only; elsewhere it is unknown.

use std::collections::BTreeMap;
use std::fs;

/// Seconds of processor time by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CpuTimes(BTreeMap<String, f64>);

/// Clock ticks a second in /proc on every Linux of today.
const TICKS_PER_SECOND: f64 = 100.0;

impl CpuTimes {
    /// What these processes have used since they began, added up by name.
    pub fn of(pids: &BTreeMap<String, Vec<u32>>) -> Self {
        let used = |pids: &Vec<u32>| pids.iter().filter_map(|pid| seconds_of(*pid)).sum::<f64>();
        Self(pids.iter().map(|(name, pids)| (name.clone(), used(pids))).collect())
    }

    /// What was used between then and now: most first, nothing below a hundredth of a second.
    pub fn since(&self, then: &Self) -> Vec<(String, f64)> {
        let used = |(name, now): (&String, &f64)| (name.clone(), now - then.0.get(name).unwrap_or(&0.0));
        let mut used: Vec<(String, f64)> = self.0.iter().map(used).filter(|(_, seconds)| *seconds >= 0.01).collect();
        used.sort_by(|a, b| b.1.total_cmp(&a.1));
        used
    }
}

fn seconds_of(pid: u32) -> Option<f64> {
    seconds_in(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// User and system time of a line of /proc/PID/stat: fields 14 and 15, counted after the name in brackets, which
/// may hold spaces.
fn seconds_in(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_after_the_name() {
        let check = |stat: &str, expected| assert_eq!(seconds_in(stat), expected);
        check("42 (a b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0", Some(3.0));
        check("nonsense", None);
    }

    #[test]
    fn what_was_used_is_the_difference() {
        let times = |seconds: f64| CpuTimes(BTreeMap::from([("worker".to_owned(), seconds), ("auth".to_owned(), 1.0)]));
        assert_eq!(times(3.5).since(&times(1.0)), [("worker".to_owned(), 2.5)]);
    }
}
