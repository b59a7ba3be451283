//! What this process has used of the machine, by Linux.

use std::fs;
use std::time::Duration;

/// Processor time, ended threads too; in steps of 10 ms, so that only long phases, or the mean of many rounds, say
/// something.
#[allow(dead_code, reason = "not every example that shares this file ends threads")]
pub fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux has it");
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Processor time of the threads that there are, to the nanosecond.
#[allow(dead_code, reason = "not every example that shares this file keeps its threads")]
pub fn cpu_time_of_threads() -> Duration {
    let threads = fs::read_dir("/proc/self/task").expect("Linux has it");
    let spent = |thread: std::io::Result<fs::DirEntry>| {
        let stat = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<u64>().ok()
    };
    Duration::from_nanos(threads.filter_map(spent).sum())
}

/// The most memory it held since the last [`reset_peak`].
pub fn peak_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Lets the peak begin again from what is held now.
pub fn reset_peak() {
    if let Err(error) = fs::write("/proc/self/clear_refs", "5") {
        eprintln!("the peak of memory cannot be reset: {error}");
    }
}
