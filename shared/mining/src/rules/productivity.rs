//! Whether a rule says more than each of its generalisations.

use super::index::SupportIndex;

/// Whether some rule with the same consequent and a proper subset of the antecedent, the empty one included,
/// has at least the same confidence: `both(Z ∪ Y) / count(Z) ≥ both / antecedent_count`, in integers.
///
/// `antecedent` and `consequent` ascend; all counts are those of the index.
pub(super) fn is_redundant(
    index: &SupportIndex<'_>,
    basket_count: u64,
    antecedent: &[u32],
    consequent: &[u32],
    both: u32,
    antecedent_count: u32,
) -> bool {
    let is_beaten_by = |general_both: u32, general_count: u64| {
        u128::from(general_both) * u128::from(antecedent_count) >= u128::from(both) * u128::from(general_count)
    };
    if is_beaten_by(index.support_of(consequent), basket_count) {
        return true;
    }
    let (mut part, mut union) = (Vec::new(), Vec::new());
    // Largest subsets first: a rule is most often redundant for one item too many.
    let all = (1u64 << antecedent.len()) - 1;
    super::split::consequents(antecedent.len(), usize::MAX).any(|left_out| {
        super::split::take(antecedent, all & !left_out, true, &mut part);
        merge(&part, consequent, &mut union);
        is_beaten_by(index.support_of(&union), u64::from(index.support_of(&part)))
    })
}

/// The union of two disjoint ascending lists, ascending.
fn merge(a: &[u32], b: &[u32], into: &mut Vec<u32>) {
    into.clear();
    let (mut a, mut b) = (a.iter().copied().peekable(), b.iter().copied().peekable());
    loop {
        let next = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x < y => a.next(),
            (Some(_), None) => a.next(),
            _ => b.next(),
        };
        match next {
            Some(item) => into.push(item),
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_merge_in_order() {
        let mut union = Vec::new();
        merge(&[1, 5, 9], &[2, 3, 10], &mut union);
        assert_eq!(union, [1, 2, 3, 5, 9, 10]);
        merge(&[], &[4], &mut union);
        assert_eq!(union, [4]);
    }
}
