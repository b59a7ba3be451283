//! Which tables of counts the tested rules have, and how many rules each. Rules by the million share a few
//! hundred thousand tables, as a p-value depends on the counts alone. Knows no items.

/// The counts that a p-value depends on: baskets with both sides, with the rarer, with the more frequent side.
/// The test is symmetric, so a rule and its reverse have one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Table {
    pub both: u32,
    pub rarer: u32,
    pub other: u32,
}

impl Table {
    pub fn new(both: u32, antecedent: u32, consequent: u32) -> Self {
        Self { both, rarer: antecedent.min(consequent), other: antecedent.max(consequent) }
    }

    pub fn hash(self) -> u64 {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let pair = u64::from(self.both) << 32 | u64::from(self.rarer);
        let hash = (pair.wrapping_mul(ODD) ^ u64::from(self.other)).wrapping_mul(0xd1b5_4a32_d192_ed03);
        (hash ^ (hash >> 32)).wrapping_mul(ODD)
    }
}

/// Distinct tables, each with the number of rules that have it; or, when there are more than `capacity`, a
/// sample: those whose hash begins with `sparsity` zero bits. Which tables are in it depends on nothing else,
/// neither on the order they came in nor on who met them.
#[derive(Debug)]
pub(super) struct Tally {
    capacity: usize,
    sparsity: u32,
    tables: Vec<Table>,
    rules: Vec<u64>,
    /// Places in `tables` by hash, open addressing.
    slots: Vec<u32>,
}

const EMPTY: u32 = u32::MAX;

impl Tally {
    pub fn new(capacity: usize) -> Self {
        Self { capacity, sparsity: 0, tables: Vec::new(), rules: Vec::new(), slots: vec![EMPTY; 64] }
    }

    /// 0 when every table is held; else one of 2^`sparsity` is.
    pub fn sparsity(&self) -> u32 {
        self.sparsity
    }

    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// How many rules have each of [`tables`](Self::tables).
    pub fn rules(&self) -> &[u64] {
        &self.rules
    }

    pub fn add(&mut self, table: Table, rules: u64) {
        let hash = table.hash();
        if !is_sampled(hash, self.sparsity) {
            return;
        }
        let slot = self.slot(table, hash);
        match self.slots[slot] {
            EMPTY => {
                self.slots[slot] = self.tables.len() as u32;
                self.tables.push(table);
                self.rules.push(rules);
                self.make_room();
            }
            place => self.rules[place as usize] += rules,
        }
    }

    /// Where the table is among [`tables`](Self::tables).
    pub fn find(&self, table: Table) -> Option<usize> {
        let place = self.slots[self.slot(table, table.hash())];
        (place != EMPTY).then_some(place as usize)
    }

    /// What all workers met.
    pub fn merged(tallies: Vec<Tally>) -> Tally {
        let merged = tallies.into_iter().reduce(|mut all, part| {
            all.thin_to(part.sparsity);
            part.tables.iter().zip(&part.rules).for_each(|(&table, &rules)| all.add(table, rules));
            all
        });
        merged.expect("there is at least one worker")
    }

    /// The slot that holds the table, or the free one where it belongs. At least a third of them are free.
    fn slot(&self, table: Table, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot] != EMPTY && self.tables[self.slots[slot] as usize] != table {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn make_room(&mut self) {
        while self.tables.len() > self.capacity {
            self.thin_to(self.sparsity + 1);
        }
        if self.tables.len() * 3 > self.slots.len() * 2 {
            self.rebuild(self.slots.len() * 2);
        }
    }

    fn thin_to(&mut self, sparsity: u32) {
        if sparsity <= self.sparsity {
            return;
        }
        self.sparsity = sparsity;
        let kept: Vec<bool> = self.tables.iter().map(|table| is_sampled(table.hash(), sparsity)).collect();
        retain(&mut self.tables, &kept);
        retain(&mut self.rules, &kept);
        self.rebuild(self.slots.len());
    }

    fn rebuild(&mut self, slots: usize) {
        self.slots.clear();
        self.slots.resize(slots, EMPTY);
        for place in 0..self.tables.len() {
            let table = self.tables[place];
            let slot = self.slot(table, table.hash());
            self.slots[slot] = place as u32;
        }
    }
}

/// By the upper bits; slots go by the lower ones.
fn is_sampled(hash: u64, sparsity: u32) -> bool {
    hash.leading_zeros() >= sparsity
}

fn retain<T>(values: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    values.retain(|_| kept.next().is_some_and(|&is_kept| is_kept));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(capacity: usize, tables: impl Iterator<Item = u32>) -> Tally {
        let mut tally = Tally::new(capacity);
        tables.for_each(|number| tally.add(Table::new(number / 7, number % 91, number % 13), 2));
        tally
    }

    fn sorted(tally: &Tally) -> Vec<(u32, u32, u32, u64)> {
        let held = tally.tables().iter().zip(tally.rules());
        let mut held: Vec<_> = held.map(|(table, &rules)| (table.both, table.rarer, table.other, rules)).collect();
        held.sort_unstable();
        held
    }

    #[test]
    fn tables_are_counted() {
        let tally = tally(usize::MAX, (0..5_000).chain(1_000..3_000));
        assert_eq!((tally.sparsity(), tally.rules().iter().sum::<u64>()), (0, 14_000));
        let place = tally.find(Table::new(1_000 / 7, 1_000 % 91, 1_000 % 13)).unwrap();
        assert_eq!(tally.rules()[place] % 4, 0);
        assert_eq!(tally.find(Table::new(9_999, 1, 1)), None);
    }

    #[test]
    fn a_sample_is_the_same_whoever_met_what_and_when() {
        for capacity in [1, 10, 300] {
            let alone = tally(capacity, 0..5_000);
            assert!(alone.sparsity() > 0 && alone.tables().len() <= capacity);
            let backwards = tally(capacity, (0..5_000).rev());
            let parts = vec![tally(capacity, 0..100), tally(capacity, 2_000..5_000), tally(capacity, 100..2_000)];
            let merged = Tally::merged(parts);
            for other in [&backwards, &merged] {
                assert_eq!((other.sparsity(), sorted(other)), (alone.sparsity(), sorted(&alone)));
            }
            let every = tally(usize::MAX, 0..5_000);
            let held = sorted(&every)
                .into_iter()
                .filter(|&(both, rarer, other, _)| is_sampled(Table { both, rarer, other }.hash(), alone.sparsity()));
            assert_eq!(held.collect::<Vec<_>>(), sorted(&alone));
        }
    }
}
