//! Orders of any number from a seed, in the shape of the demo's Online Retail: some 21 lines an order with a long
//! tail, a sixth of the orders cancellations, a seventh guests', 4,096 products of which few sell often, one customer
//! for each 124 lines, a year of dates to the minute. Knows no segment, so that examples and benchmarks can share it:
//! `#[path = "…/common/generator.rs"] mod generator;`.

use affinsy_core::decimal::{Price, Quantity};
use affinsy_core::time::Instant;

/// One order of the generator.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: String,
    /// `None`: a guest.
    pub customer: Option<String>,
    pub date: Instant,
    pub lines: Vec<Line>,
}

/// One line of an order. A product may stand in an order twice, as in real orders, if seldom.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// A place in [`Orders::products`].
    pub product: usize,
    pub quantity: Quantity,
    pub price: Price,
}

/// Exactly so many lines, the same ones for the same seed and number.
pub fn orders(seed: u64, lines: usize) -> Orders {
    let random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    Orders { random, products: products(), customers: lines / LINES_A_CUSTOMER + 1, total: lines, made: 0, orders: 0 }
}

/// The orders in the order of their dates.
#[derive(Debug)]
pub struct Orders {
    random: Random,
    products: Vec<String>,
    customers: usize,
    total: usize,
    made: usize,
    orders: usize,
}

const LINES_A_CUSTOMER: usize = 124;
const FIRST_ORDER: usize = 536_365;
const FIRST_CUSTOMER: usize = 12_346;
/// 1 December 2010, 08:26 UTC, and the minutes of the 373 days from there.
const START_MS: i64 = 1_291_191_960_000;
const MINUTES: u64 = 373 * 24 * 60;
const MS_A_MINUTE: i64 = 60_000;

/// Lines of an order: 31 quantiles that stand as often as each other, and a tail.
const SIZES: [usize; 31] =
    [1, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 17, 18, 20, 22, 24, 27, 29, 33, 37, 43, 50, 60, 75, 100];
const QUANTITIES: [i64; 32] =
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 4, 4, 5, 6, 6, 6, 8, 10, 12, 12, 12, 12, 24, 24, 25, 48];
/// In pence.
const PRICES: [i64; 32] = [
    19, 29, 39, 42, 55, 65, 79, 83, 85, 95, 104, 125, 125, 145, 165, 165, 169, 195, 208, 210, 249, 255, 295, 325, 375,
    395, 425, 495, 595, 795, 995, 1_275,
];

impl Orders {
    /// The names of all products.
    pub fn products(&self) -> &[String] {
        &self.products
    }

    fn line(&mut self, is_guest: bool, sign: i64) -> Line {
        let product = self.random.skewed(self.products.len());
        let pieces = self.random.pick(&QUANTITIES);
        let list_price = PRICES[(product * 7 + product / 32) % PRICES.len()];
        let pence = match (is_guest, pieces) {
            (true, _) => list_price * 2 - list_price % 5,
            (false, 48) => list_price - list_price / 8,
            (false, _) => list_price,
        };
        let price = Price::parse(&format!("{}.{:02}", pence / 100, pence % 100)).expect("pence are a price");
        Line { product, quantity: Quantity::from_thousandths(sign * pieces * 1_000), price }
    }
}

impl Iterator for Orders {
    type Item = Order;

    fn next(&mut self) -> Option<Order> {
        if self.made == self.total {
            return None;
        }
        let (is_cancelled, is_guest) = (self.random.below(7) == 0, self.random.below(7) == 0);
        let size = match (is_cancelled, self.random.below(32) as usize) {
            (true, _) => 1 + self.random.below(4) as usize,
            (false, 31) => 100 + self.random.below(60) as usize,
            (false, at) => SIZES[at],
        };
        let size = if is_guest { size + size / 2 } else { size }.min(self.total - self.made);
        let sign = if is_cancelled { -1 } else { 1 };
        let lines = (0..size).map(|_| self.line(is_guest, sign)).collect();
        let number = FIRST_ORDER + self.orders;
        let minute = (self.made as u128 * u128::from(MINUTES) / self.total as u128) as i64;
        let customer = (!is_guest).then(|| self.random.skewed(self.customers) + FIRST_CUSTOMER);
        (self.made, self.orders) = (self.made + size, self.orders + 1);
        Some(Order {
            id: if is_cancelled { format!("C{number}") } else { number.to_string() },
            customer: customer.map(|number| number.to_string()),
            date: Instant::from_unix_ms(START_MS + minute * MS_A_MINUTE),
            lines,
        })
    }
}

/// Names as a shop for gifts has them: a colour, a style, a thing.
fn products() -> Vec<String> {
    const COLOURS: [&str; 16] = [
        "RED",
        "PINK",
        "BLUE",
        "GREEN",
        "WHITE",
        "BLACK",
        "IVORY",
        "CREAM",
        "SILVER",
        "GOLD",
        "JUMBO",
        "SMALL",
        "LARGE",
        "SET OF 6",
        "PACK OF 12",
        "WOODEN",
    ];
    const STYLES: [&str; 16] = [
        "RETROSPOT",
        "VINTAGE",
        "HANGING HEART",
        "POLKADOT",
        "UNION JACK",
        "SPACEBOY",
        "DOLLY GIRL",
        "PAISLEY",
        "REGENCY",
        "WOODLAND",
        "STRAWBERRY",
        "CHRISTMAS",
        "SKULL",
        "DAISY",
        "TOADSTOOL",
        "BAROQUE",
    ];
    const THINGS: [&str; 16] = [
        "T-LIGHT HOLDER",
        "LUNCH BAG",
        "CAKE CASES",
        "MUG",
        "JAM MAKING SET",
        "BUNTING",
        "CAKESTAND 3 TIER",
        "WATER BOTTLE",
        "ALARM CLOCK",
        "STORAGE BAG",
        "PHOTO FRAME",
        "DOORMAT",
        "TRINKET BOX",
        "NOTEBOOK",
        "HOT WATER BOTTLE",
        "SIGN",
    ];
    // An odd factor walks through all numbers once: names next to each other in popularity do not look alike.
    let name = |at: usize| {
        let mixed = at * 1_597 % 4_096;
        format!("{} {} {}", COLOURS[mixed % 16], STYLES[mixed / 16 % 16], THINGS[mixed / 256])
    };
    (0..4_096).map(name).collect()
}

/// xorshift64*.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
    fn pick(&mut self, of: &[i64]) -> i64 {
        of[self.below(of.len() as u64) as usize]
    }
    /// A number below `bound`, small ones more often: the first of 4,096 in 0.4 % of all draws. A square root is the
    /// same on every machine.
    fn skewed(&mut self, bound: usize) -> usize {
        let share = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        ((share * share.sqrt() * bound as f64) as usize).min(bound - 1)
    }
}
