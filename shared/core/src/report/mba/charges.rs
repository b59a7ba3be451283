//! Lines that are booked as products and are none: postage, fees, discounts. A guess by their names, good enough for
//! what comes first in a short list and for a hint; it never changes a number.

use crate::insight::quoted_name;
use crate::report::basket::BasketSet;

/// Words of which one makes a name that of a charge, in the languages of many shops.
const WORDS: [&str; 26] = [
    "postage",
    "shipping",
    "freight",
    "carriage",
    "handling",
    "surcharge",
    "fee",
    "fees",
    "discount",
    "voucher",
    "refund",
    "adjustment",
    "adjust",
    "manual",
    "commission",
    "versand",
    "versandkosten",
    "porto",
    "rabatt",
    "gutschein",
    "livraison",
    "remise",
    "envío",
    "descuento",
    "spedizione",
    "verzendkosten",
];
/// Words that do so together.
const PAIRS: [[&str; 2]; 5] =
    [["bank", "charges"], ["delivery", "charge"], ["gift", "wrapping"], ["gift", "card"], ["frais", "port"]];

/// The most charges that a warning names.
const MAX_NAMED: usize = 5;

/// Which items look like charges.
#[derive(Debug)]
pub struct Charges(Vec<bool>);

impl Charges {
    pub fn of(set: &BasketSet<'_>) -> Self {
        Self((0..set.item_count() as u32).map(|item| is_charge(set.name(item))).collect())
    }

    /// Whether one of them does: such sets stand behind all others where a list has no room for all.
    pub fn are_in(&self, items: &[u32]) -> bool {
        items.iter().any(|item| self.0[*item as usize])
    }

    /// What a reader should know of them; `None` where there are none.
    pub fn warning(&self, set: &BasketSet<'_>, item_counts: &[u32]) -> Option<String> {
        let mut items: Vec<u32> = (0..self.0.len() as u32).filter(|item| self.0[*item as usize]).collect();
        items.sort_by_key(|item| (std::cmp::Reverse(item_counts[*item as usize]), *item));
        let names: Vec<String> = items.iter().take(MAX_NAMED).map(|item| quoted_name(set.name(*item))).collect();
        let others = if items.len() > MAX_NAMED { " and others" } else { "" };
        (!names.is_empty()).then(|| {
            format!(
                "Some names look like charges, not products: {}{others}. They count like products, and stand behind \
                 them in short lists; filters.products.exclude leaves them out.",
                names.join(", ")
            )
        })
    }
}

/// Whether a name looks like that of a charge.
pub fn is_charge(name: &str) -> bool {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    words.iter().any(|word| WORDS.contains(word)) || PAIRS.iter().any(|pair| pair.iter().all(|w| words.contains(w)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_are_told_from_products() {
        let check = |name, expected| assert_eq!(is_charge(name), expected, "{name}");
        check("DOT DOTCOM POSTAGE", true);
        check("Bank Charges", true);
        check("M Manual", true);
        check("Versandkosten (DHL)", true);
        check("Frais de port", true);
        check("85099B JUMBO BAG RED RETROSPOT", false);
        check("COFFEE MUG", false);
        check("BANK OF ENGLAND MUG", false);
        check("", false);
    }
}
