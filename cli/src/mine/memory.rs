//! Sizes of memory: as people write them, and as the system has them left.

use std::fs;

use crate::layout::thousands;

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

/// In the largest of MB, kB and bytes that does not round it to nothing.
pub fn shown(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", thousands(bytes / 1_000_000)),
    }
}

/// Four fifths of what the system, or the container around this process, has left; `None` where it does not say.
pub fn left_to_use() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available_in(&text));
    let left = system.into_iter().chain(container_left()).min()?;
    Some(left / 5 * 4)
}

/// What the container's control group has left, of either version of them.
fn container_left() -> Option<u64> {
    let read = |name: &str| fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok();
    let stat = |name: &str| read(name).unwrap_or_default();
    let second = || left_within(&read("memory.max")?, &read("memory.current")?, &stat("memory.stat"), "inactive_file");
    let first = || {
        let (limit, used) = (read("memory/memory.limit_in_bytes")?, read("memory/memory.usage_in_bytes")?);
        left_within(&limit, &used, &stat("memory/memory.stat"), "total_inactive_file")
    };
    second().or_else(first)
}

/// The system counts the pages of files that were read as used, and gives the inactive ones back when asked.
fn left_within(limit: &str, used: &str, stat: &str, inactive: &str) -> Option<u64> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let given_back = stat.lines().find_map(|line| number(line.strip_prefix(inactive)?.strip_prefix(' ')?));
    let used = number(used)?.saturating_sub(given_back.unwrap_or(0));
    Some(number(limit)?.saturating_sub(used))
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
    fn sizes_are_shown_in_whole_numbers_above_zero() {
        let check = |bytes, expected: &str| assert_eq!(shown(bytes), expected);
        check(999, "999 bytes");
        check(1_000, "1 kB");
        check(999_999, "999 kB");
        check(2_500_000_000, "2,500 MB");
    }

    #[test]
    fn memory_that_is_left_is_found() {
        let check = |text: &str, expected| assert_eq!(available_in(text), expected);
        check("MemTotal:  100 kB\nMemFree:  1 kB\nMemAvailable:    50 kB\n", Some(51_200));
        check("MemTotal:  100 kB\n", None);
    }

    #[test]
    fn a_container_gives_the_pages_of_files_back() {
        let check = |limit, used, stat, expected| assert_eq!(left_within(limit, used, stat, "inactive_file"), expected);
        let stat = "anon 5\ntotal_inactive_file 7\ninactive_file 300\nactive_file 9\n";
        check("1000\n", "800\n", stat, Some(500));
        check("1000\n", "800\n", "", Some(200));
        check("1000\n", "100\n", stat, Some(1000));
        check("1000\n", "1200\n", "", Some(0));
        check("max\n", "800\n", stat, None);
        let older = left_within("1000\n", "800\n", "inactive_file 1\ntotal_inactive_file 50\n", "total_inactive_file");
        assert_eq!(older, Some(250));
    }
}
