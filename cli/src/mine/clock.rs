//! How long a step took: by the clock on the wall, and in processor time of the whole process.

use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// A step that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Began {
    wall: Instant,
    cpu_s: f64,
}

/// Seconds, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Took {
    pub wall_s: f64,
    /// User and system time of all threads.
    pub cpu_s: f64,
}

impl Began {
    pub fn now() -> Self {
        Self { wall: Instant::now(), cpu_s: process_cpu_s() }
    }

    pub fn took(self) -> Took {
        Took { wall_s: rounded(self.wall.elapsed().as_secs_f64()), cpu_s: rounded(process_cpu_s() - self.cpu_s) }
    }
}

fn process_cpu_s() -> f64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}
