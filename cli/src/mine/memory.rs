//! Sizes of memory: as people write them, and as the system has them left.

use std::fs;

/// `2GB`, `500 MB`, `1.5GiB`, or bytes; at least one byte.
pub fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let bytes = number.parse::<f64>().ok()? * unit_bytes(unit.trim())?;
    (bytes >= 1.0 && bytes < u64::MAX as f64).then_some(bytes as u64)
}

fn unit_bytes(unit: &str) -> Option<f64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    })
}

/// Four fifths of what the system, or the container around this process, has left; `None` where it does not say.
pub fn left_to_use() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available_in(&text));
    let limit = || fs::read_to_string("/sys/fs/cgroup/memory.max").ok()?.trim().parse::<u64>().ok();
    let used = || fs::read_to_string("/sys/fs/cgroup/memory.current").ok()?.trim().parse::<u64>().ok();
    let container = limit().zip(used()).map(|(limit, used)| limit.saturating_sub(used));
    let left = system.into_iter().chain(container).min()?;
    Some(left / 5 * 4)
}

fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let check = |text: &str, expected| assert_eq!(parse_size(text), expected, "{text}");
        check("2GB", Some(2_000_000_000));
        check("500 mb", Some(500_000_000));
        check("1.5GiB", Some(1_610_612_736));
        check("4096", Some(4096));
        check("0", None);
        check("-1GB", None);
        check("much", None);
        check("2 GBit", None);
        check("", None);
    }

    #[test]
    fn memory_that_is_left_is_found() {
        let check = |text: &str, expected| assert_eq!(available_in(text), expected);
        check("MemTotal:  100 kB\nMemFree:  1 kB\nMemAvailable:    50 kB\n", Some(51_200));
        check("MemTotal:  100 kB\n", None);
    }
}
