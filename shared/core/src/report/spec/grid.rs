//! Whether custom segments cover the grid of scores: every cell once. Knows no customer.

use super::rfm::CustomSegment;

/// The most cells named in one sentence.
const SHOWN: usize = 20;

/// A sentence naming the cells that are left out or covered twice; `None` when each is covered once.
pub(super) fn coverage_problem(segments: &[CustomSegment], bins: u32) -> Option<String> {
    let (mut missing, mut double) = (Vec::new(), Vec::new());
    for cell in cells(bins) {
        match segments.iter().filter(|segment| holds(segment, cell)).count() {
            0 => missing.push(cell),
            1 => {}
            _ => double.push(cell),
        }
    }
    let sentences: Vec<String> = [("left out", missing), ("covered twice", double)]
        .into_iter()
        .filter_map(|(what, cells)| named(what, &cells))
        .collect();
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

fn cells(bins: u32) -> impl Iterator<Item = [u32; 3]> {
    (0..bins.pow(3)).map(move |at| [1 + at / (bins * bins), 1 + at / bins % bins, 1 + at % bins])
}

fn holds(segment: &CustomSegment, [r, f, m]: [u32; 3]) -> bool {
    let within = |[low, high]: [u32; 2], score| low <= score && score <= high;
    within(segment.r, r) && within(segment.f, f) && within(segment.m, m)
}

fn named(what: &str, cells: &[[u32; 3]]) -> Option<String> {
    let shown: Vec<String> = cells.iter().take(SHOWN).map(|[r, f, m]| format!("{r}-{f}-{m}")).collect();
    let more = cells.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!cells.is_empty()).then(|| format!("cells (R-F-M) {what}: {}{rest}", shown.join(", ")))
}
