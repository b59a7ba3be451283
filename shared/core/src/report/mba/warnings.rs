//! What a reader must know before trusting a basket analysis. Changes nothing in it.

use super::data::Data;
use super::mine::Mined;
use super::rules::MAX_RULES;
use super::summary::Summary;
use crate::report::spec::ReportSpec;

/// Fewer baskets than this make weak evidence.
const FEW_BASKETS: u64 = 100;

pub fn of(
    spec: &ReportSpec,
    data: &Data,
    summary: &Summary,
    mined: &Mined,
    about_charges: Option<String>,
) -> Vec<String> {
    let mut warnings = spec.warnings.clone();
    warnings.extend(summary.reason.clone());
    if (1..FEW_BASKETS).contains(&data.baskets) {
        warnings.push(format!("Only {} baskets: too few for most rules to be told from chance.", data.baskets));
    }
    if let Some(raised) = &mined.raised {
        warnings.push(format!(
            "The threshold was raised: at {} baskets there are more than {}; it is {} baskets instead. Set min_support \
             to choose it, or a smaller max_itemset_size or max_consequent_size.",
            raised.from, raised.too_many, mined.min_support_count
        ));
    }
    warnings.extend(about_max_rules(spec, summary.rules_found));
    warnings.extend(about_charges);
    let unpriced = data.exclusions.unpriced_line_items;
    if unpriced > 0 {
        warnings.push(format!("{unpriced} line items have no price: they count in baskets and add nothing to money."));
    }
    let unknown = data.exclusions.unknown_filter_products;
    if unknown > 0 {
        warnings.push(format!("{unknown} products named in filters.products are not in the dataset."));
    }
    let guests = data.exclusions.baskets.guest_orders_without_basket;
    if guests > 0 {
        warnings.push(format!("{guests} guest orders belong to no customer and have no basket with scope customer."));
    }
    warnings
}

/// Where more rules were asked for than a report lists.
fn about_max_rules(spec: &ReportSpec, found: u64) -> Option<String> {
    if spec.mba.max_rules.is_some_and(|most| most <= MAX_RULES) {
        return None;
    }
    Some(if found > MAX_RULES {
        format!("{found} rules pass the bounds; the report lists the best {MAX_RULES} by the order asked for.")
    } else {
        format!("max_rules is {MAX_RULES}, the most that a report lists.")
    })
}
