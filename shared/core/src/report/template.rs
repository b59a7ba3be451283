//! The seven ready-made reports. A template is a set of defaults; it knows nothing of orders or of how a report is worked out.

use super::spec::{MbaParams, RfmParams};
use super::{CustomerScope, ReportType};
use serde::Serialize;

/// A ready-made report: its type and whose orders it looks at. Every parameter can be overridden beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    StandardMba,
    FirstOrder,
    RepeatPurchase,
    HighValueBaskets,
    ChurningAnalysis,
    StandardRfm,
    NewCustomerCohort,
}

impl Template {
    pub const ALL: [Self; 7] = [
        Self::StandardMba,
        Self::FirstOrder,
        Self::RepeatPurchase,
        Self::HighValueBaskets,
        Self::ChurningAnalysis,
        Self::StandardRfm,
        Self::NewCustomerCohort,
    ];

    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.id() == id)
    }

    pub const fn id(self) -> &'static str {
        match self {
            Self::StandardMba => "standard_mba",
            Self::FirstOrder => "first_order",
            Self::RepeatPurchase => "repeat_purchase",
            Self::HighValueBaskets => "high_value_baskets",
            Self::ChurningAnalysis => "churning_analysis",
            Self::StandardRfm => "standard_rfm",
            Self::NewCustomerCohort => "new_customer_cohort",
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::StandardMba => "Standard market basket analysis",
            Self::FirstOrder => "First orders",
            Self::RepeatPurchase => "Repeat purchases",
            Self::HighValueBaskets => "High-value baskets",
            Self::ChurningAnalysis => "Churning customers",
            Self::StandardRfm => "Standard RFM",
            Self::NewCustomerCohort => "New customer cohort",
        }
    }

    pub const fn description(self) -> &'static str {
        match self {
            Self::StandardMba => "all orders: full cross-sell and bundling insights",
            Self::FirstOrder => "gateway products that win new customers",
            Self::RepeatPurchase => "what keeps customers coming back",
            Self::HighValueBaskets => "what the top 20 % by spend buy together",
            Self::ChurningAnalysis => "win-back campaigns from lapsed customers' history",
            Self::StandardRfm => "segment all customers by recency, frequency, monetary",
            Self::NewCustomerCohort => "segment customers acquired in the last 90 days",
        }
    }

    pub const fn report_type(self) -> ReportType {
        match self {
            Self::StandardRfm | Self::NewCustomerCohort => ReportType::Rfm,
            _ => ReportType::Mba,
        }
    }

    pub const fn customer_scope(self) -> CustomerScope {
        match self {
            Self::StandardMba | Self::StandardRfm => CustomerScope::All,
            Self::FirstOrder => CustomerScope::FirstOrder,
            Self::RepeatPurchase => CustomerScope::Repeat,
            Self::HighValueBaskets => CustomerScope::HighValue,
            Self::ChurningAnalysis => CustomerScope::Churning,
            Self::NewCustomerCohort => CustomerScope::New90d,
        }
    }

    pub fn listing(self) -> TemplateListing {
        TemplateListing {
            template: self.id(),
            report_type: self.report_type(),
            name: self.name(),
            description: self.description(),
            params: TemplateParams {
                customer_scope: self.customer_scope().name(),
                time_zone: "UTC",
                churn_days: None,
                as_of: None,
                insights: true,
                of_type: match self.report_type() {
                    ReportType::Mba => TypeParams::Mba(MbaParams::default()),
                    ReportType::Rfm => TypeParams::Rfm(RfmParams::default()),
                },
            },
        }
    }
}

impl Serialize for Template {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// All templates, in the order in which they are shown.
pub fn listings() -> Vec<TemplateListing> {
    Template::ALL.into_iter().map(Template::listing).collect()
}

/// One template as `GET /templates` shows it.
#[derive(Debug, Serialize)]
pub struct TemplateListing {
    pub template: &'static str,
    pub report_type: ReportType,
    pub name: &'static str,
    pub description: &'static str,
    /// What `params` of `POST /reports` would say to ask for the same.
    pub params: TemplateParams,
}

/// Every parameter of a template with its default. `null` is "not set": the report works it out.
#[derive(Debug, Serialize)]
pub struct TemplateParams {
    customer_scope: &'static str,
    time_zone: &'static str,
    churn_days: Option<u32>,
    as_of: Option<&'static str>,
    insights: bool,
    #[serde(flatten)]
    of_type: TypeParams,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum TypeParams {
    Mba(MbaParams),
    Rfm(RfmParams),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::spec::ReportSpec;

    #[test]
    fn a_template_is_its_listed_params() {
        for listing in listings() {
            let asked = |body: serde_json::Value| {
                let spec = ReportSpec::parse(body.to_string().as_bytes()).expect("valid");
                assert_eq!(spec.warnings, Vec::<String>::new(), "{}", listing.template);
                (spec.report_type, spec.customer_scope, spec.mba, spec.rfm)
            };
            let by_template = asked(serde_json::json!({"template": listing.template}));
            let by_params = asked(serde_json::json!({"report_type": listing.report_type, "params": listing.params}));
            assert_eq!(by_template, by_params);
            assert_eq!(Template::from_id(listing.template).map(Template::id), Some(listing.template));
        }
    }
}
