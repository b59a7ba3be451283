//! Whether a rule says more than each of its generalisations.

use super::splits::{Bench, Split};
use crate::error::MineError;

/// Whether some rule with the same consequent and a proper subset of the antecedent, the empty one included,
/// has at least the same confidence: `both(Z ∪ Y) / count(Z) ≥ both / antecedent_count`, in integers.
///
/// The split's itemset is loaded, and its parts are filled in.
pub(super) fn is_redundant(bench: &mut Bench<'_>, basket_count: u32, split: &Split) -> Result<bool, MineError> {
    let is_beaten_by = |general_both: u32, general_count: u32| {
        u64::from(general_both) * u64::from(split.antecedent_count) >= u64::from(split.both) * u64::from(general_count)
    };
    if is_beaten_by(split.consequent_count, basket_count) {
        return Ok(true);
    }
    let antecedent = split.antecedent();
    let size = antecedent.count_ones();
    if size == 1 {
        return Ok(false);
    }
    // Largest subsets first: a rule is most often redundant for one item too many.
    let subsets = &mut bench.subsets;
    let whole = subsets.whole();
    let mut positions = (0..).zip(bits(antecedent));
    if positions
        .any(|(within, bit)| is_beaten_by(subsets.facet_count(whole, bit), subsets.facet_count(antecedent, within)))
    {
        return Ok(true);
    }
    if size == 2 {
        return Ok(false);
    }
    bench.patience.spend(1 << size)?;
    subsets.fill();
    let mut part = antecedent;
    Ok(std::iter::from_fn(|| {
        part = (part - 1) & antecedent;
        (part != 0).then_some(part)
    })
    .any(|part| is_beaten_by(subsets.count(part | split.consequent), subsets.count(part))))
}

/// The positions of the bits that are set, ascending.
fn bits(mut mask: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(bit)
    })
}
