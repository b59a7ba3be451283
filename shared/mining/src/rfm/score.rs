//! Scores 1 … b of each dimension, by rank or by explicit cut-offs. Knows no segment.

/// What is scored of one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// Days from the last qualifying order to the anchor date; small is good.
    pub recency_days: i64,
    /// Number of qualifying orders.
    pub frequency: u32,
    /// Net of all orders; may be zero or negative.
    pub monetary: i128,
}

/// Scores of one customer, each 1 (worst) … b (best).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score {
    pub r: u8,
    pub f: u8,
    pub m: u8,
}

impl Score {
    /// ⌊(F + M) / 2⌋.
    pub const fn fm(self) -> u8 {
        (self.f + self.m) / 2
    }
}

/// Explicit cut-offs, ascending, b − 1 for each dimension; `None` leaves a dimension to ranks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cutoffs {
    /// The greatest recency of the scores b, b − 1 … 2.
    pub recency_days: Option<Vec<i64>>,
    /// The least frequency of the scores 2, 3 … b.
    pub frequency: Option<Vec<u32>>,
    /// The least monetary value of the scores 2, 3 … b.
    pub monetary: Option<Vec<i128>>,
}

/// Scores customers on each dimension on its own. By rank, with N customers and integer division:
/// `R = b − ⌊b · #(strictly smaller recency) / N⌋`, `F = 1 + ⌊b · #(strictly fewer orders) / N⌋`, M as F.
///
/// `bins` is 1 … 255; the result is parallel to `customers`.
pub fn score(customers: &[Observation], bins: u8, cutoffs: &Cutoffs) -> Vec<Score> {
    let steps = |smaller: usize| (usize::from(bins) * smaller / customers.len()) as u8;
    let recency = dimension(customers, |c| c.recency_days, cutoffs.recency_days.as_deref(), strictly_below, steps);
    let frequency = dimension(customers, |c| c.frequency, cutoffs.frequency.as_deref(), at_or_below, steps);
    let monetary = dimension(customers, |c| c.monetary, cutoffs.monetary.as_deref(), at_or_below, steps);
    let columns = recency.into_iter().zip(frequency).zip(monetary);
    columns.map(|((r, f), m)| Score { r: bins - r, f: 1 + f, m: 1 + m }).collect()
}

/// How many steps each customer stands above the lowest value of a dimension.
fn dimension<T: Ord + Copy>(
    customers: &[Observation],
    value: impl Fn(&Observation) -> T,
    cutoffs: Option<&[T]>,
    passed: impl Fn(&[T], T) -> usize,
    steps_of_rank: impl Fn(usize) -> u8,
) -> Vec<u8> {
    let values: Vec<T> = customers.iter().map(value).collect();
    match cutoffs {
        Some(cutoffs) => values.iter().map(|value| passed(cutoffs, *value) as u8).collect(),
        None => strictly_smaller(&values).into_iter().map(steps_of_rank).collect(),
    }
}

/// For each value, how many of the others are strictly smaller.
fn strictly_smaller<T: Ord + Copy>(values: &[T]) -> Vec<usize> {
    let mut by_value: Vec<u32> = (0..values.len() as u32).collect();
    by_value.sort_unstable_by_key(|at| values[*at as usize]);
    let mut smaller = vec![0; values.len()];
    let mut first_equal = 0;
    for (rank, at) in by_value.iter().enumerate() {
        let value = values[*at as usize];
        if values[by_value[first_equal] as usize] != value {
            first_equal = rank;
        }
        smaller[*at as usize] = first_equal;
    }
    smaller
}

fn strictly_below<T: Ord>(cutoffs: &[T], value: T) -> usize {
    cutoffs.partition_point(|cutoff| *cutoff < value)
}

fn at_or_below<T: Ord>(cutoffs: &[T], value: T) -> usize {
    cutoffs.partition_point(|cutoff| *cutoff <= value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(recency_days: i64, frequency: u32, monetary: i128) -> Observation {
        Observation { recency_days, frequency, monetary }
    }

    fn check(customers: &[Observation], bins: u8, expected: &[[u8; 3]]) {
        let scores = score(customers, bins, &Cutoffs::default());
        assert_eq!(scores.iter().map(|s| [s.r, s.f, s.m]).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn scores_by_rank() {
        check(&[], 5, &[]);
        check(&[customer(400, 1, -5)], 5, &[[5, 1, 1]]);
        check(&[customer(1, 2, 30), customer(1, 2, 30)], 5, &[[5, 1, 1], [5, 1, 1]]);
        check(&[customer(9, 1, 10), customer(3, 4, -1)], 5, &[[3, 1, 3], [5, 3, 1]]);
        check(&[customer(9, 1, 10), customer(3, 4, -1)], 2, &[[1, 1, 2], [2, 2, 1]]);
    }

    #[test]
    fn scores_by_cutoffs() {
        let cutoffs =
            Cutoffs { recency_days: Some(vec![30, 90]), frequency: Some(vec![2, 5]), monetary: Some(vec![100, 200]) };
        let customers = [customer(30, 1, 99), customer(31, 2, 100), customer(91, 5, 1_000)];
        let scores = score(&customers, 3, &cutoffs);
        assert_eq!(scores.iter().map(|s| [s.r, s.f, s.m]).collect::<Vec<_>>(), [[3, 1, 1], [2, 2, 2], [1, 3, 3]]);
    }

    /// The definition, word by word; against it the sorted version is checked.
    fn score_slowly(customers: &[Observation], bins: usize) -> Vec<[u8; 3]> {
        let steps = |smaller: usize| (bins * smaller / customers.len()) as u8;
        let below = |is_below: &dyn Fn(&Observation) -> bool| steps(customers.iter().filter(|c| is_below(c)).count());
        let one = |customer: &Observation| {
            let r = below(&|other| other.recency_days < customer.recency_days);
            let f = below(&|other| other.frequency < customer.frequency);
            let m = below(&|other| other.monetary < customer.monetary);
            [bins as u8 - r, 1 + f, 1 + m]
        };
        customers.iter().map(one).collect()
    }

    #[test]
    fn agrees_with_the_definition_on_many_ties() {
        let mut state = 7u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for round in 0..200 {
            let size = next(40);
            let spread = 1 + next(12);
            let mut draw = || customer(next(spread) as i64, next(spread) as u32, i128::from(next(spread)) - 3);
            let customers: Vec<Observation> = (0..size).map(|_| draw()).collect();
            let bins = 2 + (round % 9) as u8;
            check(&customers, bins, &score_slowly(&customers, usize::from(bins)));
        }
    }
}
