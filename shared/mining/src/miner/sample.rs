//! A small sample of the supports seen, to tell after a stop what would have fitted. Knows no clock.

/// Every so many itemsets one support is kept; when the sample is full, every second is dropped.
#[derive(Debug)]
pub(super) struct Sample {
    supports: Vec<u32>,
    stride: usize,
    skipped: usize,
}

const CAPACITY: usize = 4096;

impl Default for Sample {
    fn default() -> Self {
        Self { supports: Vec::new(), stride: 1, skipped: 0 }
    }
}

impl Sample {
    /// Sees the supports of some itemsets.
    #[inline]
    pub fn see(&mut self, supports: &[u32]) {
        self.skipped += supports.len();
        if self.skipped >= self.stride {
            self.keep(supports);
        }
    }

    #[inline(never)]
    fn keep(&mut self, supports: &[u32]) {
        while self.skipped >= self.stride {
            self.skipped -= self.stride;
            // Which of them does not matter, so long as it is not always the first: supports come sorted.
            self.supports.push(supports[self.skipped % supports.len()]);
            if self.supports.len() >= CAPACITY {
                let mut nth = 0usize;
                self.supports.retain(|_| {
                    nth += 1;
                    nth.is_multiple_of(2)
                });
                self.stride *= 2;
            }
        }
    }

    pub fn into_weighted(self) -> (Vec<u32>, usize) {
        (self.supports, self.stride)
    }
}

/// The smallest support that no more than `share` of the itemsets seen reach; `None` when nothing was seen or nothing may
/// remain. Each sample comes with how many itemsets one of its supports stands for.
pub(super) fn reached_by(share: f64, samples: &[(Vec<u32>, usize)]) -> Option<u32> {
    let mut weighted: Vec<(u32, usize)> =
        samples.iter().flat_map(|(supports, stride)| supports.iter().map(|&support| (support, *stride))).collect();
    weighted.sort_unstable_by_key(|&(support, _)| std::cmp::Reverse(support));
    let total: usize = weighted.iter().map(|&(_, weight)| weight).sum();
    let mut left = (total as f64 * share) as usize;
    if left == 0 {
        return None;
    }
    for (support, weight) in weighted {
        if left < weight {
            return Some(support.saturating_add(1));
        }
        left -= weight;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_stays_small_and_keeps_the_quantiles() {
        let mut sample = Sample::default();
        for chunk in (0..2_000_000u32).collect::<Vec<_>>().chunks(7) {
            sample.see(chunk);
        }
        let sample = sample.into_weighted();
        assert!(sample.0.len() < CAPACITY && sample.0.len() > CAPACITY / 4);
        let median = reached_by(0.5, &[sample]).unwrap();
        assert!(median.abs_diff(1_000_000) < 5_000, "{median}");
    }

    #[test]
    fn nothing_seen_tells_nothing() {
        assert_eq!(reached_by(0.5, &[]), None);
        assert_eq!(reached_by(0.0, &[(vec![5; 100], 1)]), None);
        assert_eq!(reached_by(0.5, &[(vec![5, 9], 1)]), Some(6));
        assert_eq!(reached_by(0.5, &[(vec![5, 7, 7, 7], 1)]), Some(8));
    }
}
