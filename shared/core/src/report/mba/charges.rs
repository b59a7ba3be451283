//! Lines that are booked as products and are none: postage, fees, discounts. A guess by their names, good enough for
//! what a text recommends and for a hint; it never changes a number.

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
    [["bank", "charges"], ["delivery", "charge"], ["gift", "wrap"], ["gift", "card"], ["frais", "port"]];

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
