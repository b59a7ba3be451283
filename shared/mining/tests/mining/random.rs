//! Baskets without a pattern but the one asked for, the same on every run.

use affinsy_mining::Baskets;

/// A linear congruential generator (Knuth's MMIX constants), high bits only.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// Baskets over a few items, of which the first are more frequent, some repeated whole.
    pub fn baskets(&mut self, count: u32, items: u32, percent: u32) -> Baskets {
        let mut rows: Vec<Vec<u32>> = Vec::new();
        for _ in 0..count {
            if !rows.is_empty() && self.below(100) < 20 {
                let copied = self.below(rows.len() as u32);
                rows.push(rows[copied as usize].clone());
            } else {
                rows.push((0..items).filter(|item| self.below(100 + 10 * item) < percent).collect());
            }
        }
        rows.into_iter().collect()
    }
}
