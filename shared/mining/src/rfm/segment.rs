//! Which segment each cell of scores belongs to: the two built-in tables, or boxes of the caller's. Knows no
//! customer.

use super::Score;

/// A cell of the grid of scores.
pub type Cell = Score;

/// The ten segments of the built-in tables, the most valuable first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuiltinSegment {
    Champions,
    LoyalCustomers,
    PotentialLoyalists,
    NewCustomers,
    Promising,
    NeedAttention,
    AboutToSleep,
    AtRisk,
    CantLoseThem,
    Hibernating,
}

use BuiltinSegment::{
    AboutToSleep, AtRisk, CantLoseThem, Champions, Hibernating, LoyalCustomers, NeedAttention, NewCustomers,
    PotentialLoyalists, Promising,
};

impl BuiltinSegment {
    pub const ALL: [Self; 10] = [
        Champions,
        LoyalCustomers,
        PotentialLoyalists,
        NewCustomers,
        Promising,
        NeedAttention,
        AboutToSleep,
        AtRisk,
        CantLoseThem,
        Hibernating,
    ];

    pub const fn id(self) -> &'static str {
        match self {
            Champions => "champions",
            LoyalCustomers => "loyal_customers",
            PotentialLoyalists => "potential_loyalists",
            NewCustomers => "new_customers",
            Promising => "promising",
            NeedAttention => "need_attention",
            AboutToSleep => "about_to_sleep",
            AtRisk => "at_risk",
            CantLoseThem => "cant_lose_them",
            Hibernating => "hibernating",
        }
    }
}

/// Rows R = 1 … 5, columns FM (or F) = 1 … 5.
const TABLE: [[BuiltinSegment; 5]; 5] = [
    [Hibernating, Hibernating, AtRisk, AtRisk, CantLoseThem],
    [Hibernating, Hibernating, AtRisk, AtRisk, CantLoseThem],
    [AboutToSleep, AboutToSleep, NeedAttention, LoyalCustomers, LoyalCustomers],
    [Promising, PotentialLoyalists, PotentialLoyalists, LoyalCustomers, LoyalCustomers],
    [NewCustomers, PotentialLoyalists, PotentialLoyalists, Champions, Champions],
];

/// A box of cells, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScoreBox {
    pub r: [u8; 2],
    pub f: [u8; 2],
    pub m: [u8; 2],
}

/// Cells that keep boxes from being a map.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{} cells are in no segment and {} in more than one", .left_out.len(), .covered_twice.len())]
pub struct Coverage {
    pub left_out: Vec<Cell>,
    pub covered_twice: Vec<Cell>,
}

/// Every cell of the grid with its segment, as a place in a list of segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentMap {
    bins: u8,
    places: Vec<u16>,
}

impl SegmentMap {
    /// R against FM = ⌊(F + M) / 2⌋; places are those of [`BuiltinSegment::ALL`].
    pub fn rfm10(bins: u8) -> Self {
        Self::builtin(bins, Score::fm)
    }

    /// The same table with F in place of FM.
    pub fn rf10(bins: u8) -> Self {
        Self::builtin(bins, |score| score.f)
    }

    /// Places are those of the boxes; refused unless each cell is in exactly one box.
    pub fn custom(bins: u8, boxes: &[ScoreBox]) -> Result<Self, Coverage> {
        let mut refused = Coverage::default();
        let mut place = |cell: Cell| {
            let mut holding = boxes.iter().enumerate().filter(|(_, scores)| scores.holds(cell));
            let first = holding.next();
            match (first, holding.next()) {
                (Some((place, _)), None) => return place as u16,
                (None, _) => refused.left_out.push(cell),
                (Some(_), Some(_)) => refused.covered_twice.push(cell),
            }
            0
        };
        let places = cells(bins).map(&mut place).collect();
        if refused == Coverage::default() { Ok(Self { bins, places }) } else { Err(refused) }
    }

    pub fn place(&self, score: Score) -> usize {
        let bins = usize::from(self.bins);
        let at = (usize::from(score.r - 1) * bins + usize::from(score.f - 1)) * bins + usize::from(score.m - 1);
        usize::from(self.places[at])
    }

    /// All cells with their places, by R, F, M.
    pub fn cells(&self) -> impl Iterator<Item = (Cell, usize)> {
        cells(self.bins).zip(self.places.iter().map(|place| usize::from(*place)))
    }

    fn builtin(bins: u8, column: impl Fn(Score) -> u8) -> Self {
        let segment = |cell: Cell| TABLE[fifth(cell.r, bins)][fifth(column(cell), bins)];
        Self { bins, places: cells(bins).map(|cell| segment(cell) as u16).collect() }
    }
}

impl ScoreBox {
    fn holds(&self, cell: Cell) -> bool {
        let within = |[low, high]: [u8; 2], score| low <= score && score <= high;
        within(self.r, cell.r) && within(self.f, cell.f) && within(self.m, cell.m)
    }
}

fn cells(bins: u8) -> impl Iterator<Item = Cell> {
    let scores = move || 1..=bins;
    scores().flat_map(move |r| scores().flat_map(move |f| scores().map(move |m| Score { r, f, m })))
}

/// The row or column 0 … 4 of the table that a score of `bins` falls on: the ends on the ends, those between
/// spread evenly and rounded half up. With five bins it is the score less one.
fn fifth(score: u8, bins: u8) -> usize {
    let (above, steps) = (usize::from(score) - 1, usize::from(bins) - 1);
    if steps == 0 { 4 } else { (8 * above + steps) / (2 * steps) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [u8; 2] = [1, 2];

    #[test]
    fn other_bins_fall_on_the_table_evenly() {
        let check = |bins, expected: &[usize]| {
            assert_eq!((1..=bins).map(|score| fifth(score, bins)).collect::<Vec<_>>(), expected)
        };
        check(2, &[0, 4]);
        check(3, &[0, 2, 4]);
        check(5, &[0, 1, 2, 3, 4]);
        check(10, &[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    }

    #[test]
    fn the_tables_use_every_segment() {
        for map in [SegmentMap::rfm10(5), SegmentMap::rf10(5)] {
            let used: std::collections::BTreeSet<usize> = map.cells().map(|(_, place)| place).collect();
            assert_eq!(used.len(), BuiltinSegment::ALL.len());
            assert_eq!(map.cells().count(), 125);
        }
    }

    #[test]
    fn boxes_must_cover_each_cell_once() {
        let check = |boxes: &[ScoreBox], left_out: usize, covered_twice: usize| {
            let refused = SegmentMap::custom(2, boxes).err().unwrap_or_default();
            assert_eq!((refused.left_out.len(), refused.covered_twice.len()), (left_out, covered_twice));
        };
        let recent = ScoreBox { r: [2, 2], f: ALL, m: ALL };
        check(&[recent, ScoreBox { r: [1, 1], f: ALL, m: ALL }], 0, 0);
        check(&[recent], 4, 0);
        check(&[recent, ScoreBox { r: ALL, f: ALL, m: ALL }], 0, 4);
        check(&[], 8, 0);
    }
}
