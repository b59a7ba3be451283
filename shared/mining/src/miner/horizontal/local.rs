//! Local item numbers in 16 bits where they fit: rows take half the memory, and an array with a counter for every
//! number there is needs no bounds check in the innermost loop.

use super::projection::Projection;
use crate::miner::pool::Pool;

/// One counter for each item, or its number in the child. At least [`LEAST_COUNTERS`] long.
pub(in crate::miner) type Counters = [u32];

pub(in crate::miner) const LEAST_COUNTERS: usize = 1 << 16;

/// The number of an item in a projection.
pub(in crate::miner) trait Local: Copy + Eq + Default + Into<u32> + Send + Sync + 'static {
    /// Keeps the bits that fit.
    fn from_number(number: u32) -> Self;

    /// Adds the weight of each row that holds `item` to the counters of the items before it; answers how often it did.
    fn deliver(rows: &Projection<Self>, item: usize, counters: &mut Counters) -> usize;

    /// Writes the numbers of those items that have one to the end of a row; answers the new end. Numbers are one more
    /// than the items of the child.
    fn renumber<C: Local>(before: &[Self], numbers: &Counters, child: &mut [C]) -> usize;

    /// Calls with the number, less one, of every item; `u32::MAX` for one that has none.
    fn each_number(before: &[Self], numbers: &Counters, visit: impl FnMut(u32));

    /// Where projections of this kind are kept for the next use.
    fn pool(pool: &mut Pool) -> &mut Vec<Projection<Self>>;
}

/// Everything but the access to a counter is the same for both widths.
macro_rules! local {
    ($integer:ty, $pool:ident, $counters:ident => $array:expr, $array_mut:expr) => {
        impl Local for $integer {
            fn from_number(number: u32) -> Self {
                number as Self
            }

            // On its own, so that its registers do not depend on what it is inlined into.
            #[inline(never)]
            fn deliver(rows: &Projection<Self>, item: usize, $counters: &mut Counters) -> usize {
                let counters = $array_mut;
                let mut increments = 0;
                for place in rows.places(item) {
                    let before = rows.before(place);
                    increments += before.len();
                    for &item in before {
                        counters[item as usize] += place.weight;
                    }
                }
                increments
            }

            #[inline]
            fn renumber<C: Local>(before: &[Self], $counters: &Counters, child: &mut [C]) -> usize {
                let numbers = $array;
                let mut end = 0;
                for &item in before {
                    // Written always and kept by moving the end: no branch to mispredict.
                    let number = numbers[item as usize];
                    child[end] = C::from_number(number.wrapping_sub(1));
                    end += usize::from(number != 0);
                }
                end
            }

            #[inline]
            fn each_number(before: &[Self], $counters: &Counters, mut visit: impl FnMut(u32)) {
                let numbers = $array;
                for &item in before {
                    visit(numbers[item as usize].wrapping_sub(1));
                }
            }

            fn pool(pool: &mut Pool) -> &mut Vec<Projection<Self>> {
                &mut pool.$pool
            }
        }
    };
}

const LENGTH: &str = "the pool hands out no fewer counters";

local!(u16, short_projections, counters =>
    counters.first_chunk::<LEAST_COUNTERS>().expect(LENGTH),
    counters.first_chunk_mut::<LEAST_COUNTERS>().expect(LENGTH));
local!(u32, long_projections, counters => counters, counters);
