//! The splits of an itemset into antecedent and consequent, as bit masks over its positions.

/// All masks of consequents: at least one item, at most `max_size`, and one item left for the antecedent.
/// Small consequents first, then ascending.
pub(super) fn consequents(length: usize, max_size: usize) -> impl Iterator<Item = u64> {
    // An itemset of 64 items would come with 2^64 subsets in the same result.
    assert!(length < 64, "an itemset in memory is far shorter than 64 items");
    let largest = max_size.min(length.saturating_sub(1));
    (1..=largest).flat_map(move |size| masks(length, size))
}

/// All masks of `size` of `length` bits, ascending (Gosper's hack).
fn masks(length: usize, size: usize) -> impl Iterator<Item = u64> {
    let end = 1u64 << length;
    std::iter::successors(Some((1u64 << size) - 1), |&mask| {
        let lowest = mask & mask.wrapping_neg();
        let ripple = mask.wrapping_add(lowest);
        Some(ripple | (((mask ^ ripple) >> 2) / lowest))
    })
    .take_while(move |&mask| mask < end)
}

/// The items under the mask, or those not under it.
pub(super) fn side(items: &[u32], mask: u64, under: bool) -> impl Iterator<Item = u32> + '_ {
    items.iter().zip(0..).filter(move |&(_, bit)| (mask >> bit & 1 == 1) == under).map(|(&item, _)| item)
}

/// Writes one side of a mask.
pub(super) fn take(items: &[u32], mask: u64, under: bool, into: &mut Vec<u32>) {
    into.clear();
    into.extend(side(items, mask, under));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(length: usize, max_size: usize, expected: &[u64]) {
        assert_eq!(consequents(length, max_size).collect::<Vec<_>>(), expected, "{length} {max_size}");
    }

    #[test]
    fn consequents_leave_an_antecedent() {
        check(0, 9, &[]);
        check(1, 9, &[]);
        check(2, 9, &[0b01, 0b10]);
        check(3, 1, &[0b001, 0b010, 0b100]);
        check(3, 9, &[0b001, 0b010, 0b100, 0b011, 0b101, 0b110]);
        check(3, 0, &[]);
        assert_eq!(consequents(12, usize::MAX).count(), (1 << 12) - 2);
        assert_eq!(consequents(40, 1).last(), Some(1 << 39));
        assert_eq!(consequents(63, 1).last(), Some(1 << 62));
    }

    #[test]
    fn a_mask_parts_the_items() {
        let mut items = Vec::new();
        take(&[10, 20, 30], 0b101, true, &mut items);
        assert_eq!(items, [10, 30]);
        take(&[10, 20, 30], 0b101, false, &mut items);
        assert_eq!(items, [20]);
    }
}
