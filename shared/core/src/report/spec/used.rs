//! The parameters a report states it used: those asked for, with every default and every worked-out value filled in.

use super::{DateRangeText, Filters, ReportSpec, SegmentModel, Thresholds};
use crate::report::template::Template;
use crate::report::{CustomerScope, ReportType};
use crate::time::Day;
use serde::Serialize;

/// `parameters` of a finished report. `T` is the report type's own part.
#[derive(Debug, Serialize)]
pub struct ParametersUsed<'a, T> {
    pub report_type: ReportType,
    pub template: Option<Template>,
    pub customer_scope: String,
    pub time_zone: &'a str,
    /// The date up to which the history counts.
    pub as_of: Option<Day>,
    pub churn_days: Option<u32>,
    pub insights: bool,
    pub filters: FiltersUsed<'a>,
    /// Only where a segment of a basket analysis was chosen by it.
    #[serde(flatten)]
    pub segmentation: Option<SegmentationUsed<'a>>,
    #[serde(flatten)]
    pub of_type: T,
}

/// How customers were scored to find those of a segment, in the form of the request.
#[derive(Debug, Serialize)]
pub struct SegmentationUsed<'a> {
    pub bins: u32,
    #[serde(flatten)]
    pub segment_model: &'a SegmentModel,
    pub thresholds: &'a Option<Thresholds>,
}

/// `filters` as they were asked for, in the form of the request.
#[derive(Debug, Serialize)]
pub struct FiltersUsed<'a> {
    #[serde(rename = "dateRange")]
    pub date_range: &'a DateRangeText,
    pub products: ProductsUsed<'a>,
    pub min_basket_size: Option<u32>,
    pub max_basket_size: Option<u32>,
}

/// `filters.products`.
#[derive(Debug, Serialize)]
pub struct ProductsUsed<'a> {
    pub include: &'a [String],
    pub exclude: &'a [String],
}

impl ReportSpec {
    /// What the report states; `as_of` is the date that was resolved, `of_type` the type's own parameters.
    pub fn parameters_used<T: Serialize>(&self, as_of: Option<Day>, of_type: T) -> ParametersUsed<'_, T> {
        let segmented = self.report_type == ReportType::Mba && matches!(self.customer_scope, CustomerScope::Segment(_));
        let segmentation = segmented.then_some(SegmentationUsed {
            bins: self.rfm.bins,
            segment_model: &self.rfm.segment_model,
            thresholds: &self.rfm.thresholds,
        });
        let Filters { include, exclude, min_basket_size, max_basket_size } = &self.filters;
        ParametersUsed {
            report_type: self.report_type,
            template: self.template,
            customer_scope: self.scope_name(),
            time_zone: &self.time_zone_name,
            as_of,
            churn_days: self.churn_days,
            insights: self.insights,
            filters: FiltersUsed {
                date_range: &self.range_text,
                products: ProductsUsed { include, exclude },
                min_basket_size: *min_basket_size,
                max_basket_size: *max_basket_size,
            },
            segmentation,
            of_type,
        }
    }
}
