//! ln n! for many n, exact enough that small probabilities keep their digits.

/// ln 0!, ln 1!, … ln n!, each as an unevaluated sum of two doubles. A sum of four of them that nearly cancels
/// (as in a hypergeometric probability) then keeps an absolute error of about 1e-12 at a million baskets, where
/// single doubles would leave 1e-8.
#[derive(Debug, Clone)]
pub struct LogFactorials {
    table: Vec<(f64, f64)>,
}

impl LogFactorials {
    /// The table up to `n`: 16 bytes an entry.
    pub fn up_to(n: u32) -> Self {
        let mut table = Vec::with_capacity(n as usize + 1);
        let mut sum = (0.0, 0.0);
        table.push(sum);
        for k in 1..=n {
            sum = add(sum, f64::from(k).ln());
            table.push(sum);
        }
        Self { table }
    }

    /// Largest n of the table.
    pub fn max(&self) -> u32 {
        (self.table.len() - 1) as u32
    }

    /// Σ ln a! − Σ ln b! over the given numbers, none of them above [`max`](Self::max).
    pub fn ratio(&self, above: &[u32], below: &[u32]) -> f64 {
        // What rounding takes from the sum goes to `small`, and back at the end: as exact as double-doubles, with
        // one addition instead of seven on the way from each term to the next (Ogita, Rump, Oishi, *Accurate sum
        // and dot product*, SIAM J. Sci. Comput. 26, 2005, algorithm 4.4).
        let (mut sum, mut small) = (0.0, 0.0);
        let mut add = |high: f64, low: f64| {
            let (next, error) = two_sum(sum, high);
            sum = next;
            small += error + low;
        };
        for &n in above {
            let (high, low) = self.table[n as usize];
            add(high, low);
        }
        for &n in below {
            let (high, low) = self.table[n as usize];
            add(-high, -low);
        }
        sum + small
    }
}

/// The sum, and exactly what rounding took from it (Knuth).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let bump = sum - a;
    (sum, (a - (sum - bump)) + (b - bump))
}

/// Double-double plus double, renormalised.
fn add((high, low): (f64, f64), term: f64) -> (f64, f64) {
    let (sum, error) = two_sum(high, term);
    let low = low + error;
    let normal = sum + low;
    (normal, low - (normal - sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(above: &[u32], below: &[u32], expected: f64) {
        let actual = LogFactorials::up_to(100_000).ratio(above, below);
        assert!((actual - expected).abs() <= 1e-13 * expected.abs().max(1.0), "{actual} {expected}");
    }

    #[test]
    fn factorials_are_those_of_the_tables() {
        check(&[0], &[], 0.0);
        check(&[1], &[], 0.0);
        check(&[10], &[], 3_628_800f64.ln());
        check(&[170], &[], 706.573_062_245_787_4);
        // ln 100000! (DLMF 5.11.1)
        check(&[100_000], &[], 1_051_299.221_899_122);
    }

    #[test]
    fn near_cancellation_keeps_digits() {
        check(&[100_000], &[99_999], 100_000f64.ln());
        check(&[99_999, 50_000], &[99_998, 49_999], (99_999f64 * 50_000.0).ln());
    }
}
