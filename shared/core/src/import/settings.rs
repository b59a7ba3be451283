//! What a caller may say of a file; whatever is left out is found. The API's body and the command line both fill this.

use serde::{Deserialize, Serialize};

use super::field::Field;
use super::{Encoding, ImportProblem, Kind};
use crate::order::Currency;

/// What the caller knows of a file. `{}` is: find out everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub format: Option<FileFormat>,
    /// What wrote the file.
    pub source: Option<Kind>,
    pub mapping: Mapping,
    /// IANA zone of dates that name no offset.
    pub time_zone: Option<String>,
    /// How the file writes dates, in strptime's form; `None`: the usual forms are told apart.
    pub date_format: Option<String>,
    pub decimal: Option<DecimalMark>,
    /// One of `,` `;` tab `|`.
    pub delimiter: Option<char>,
    pub encoding: Option<Encoding>,
    /// ISO 4217. Rows in another currency are rejected.
    pub currency: Option<String>,
}

/// The name of the column that holds each field of an order line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mapping {
    pub order_id: Option<String>,
    pub customer_id: Option<String>,
    pub order_date: Option<String>,
    pub product_name: Option<String>,
    pub unit_price: Option<String>,
    pub quantity: Option<String>,
    pub currency: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// A table with a header, one row an order line.
    Csv,
    /// One JSON object a line: an order of the API, or an order line.
    Ndjson,
    Parquet,
}

/// What stands before the decimals of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DecimalMark {
    #[serde(rename = ".")]
    Point,
    #[serde(rename = ",")]
    Comma,
}

pub(super) const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

impl Settings {
    /// Refuses what no file could be read with; the problem names the setting.
    pub fn check(&self) -> Result<(), ImportProblem> {
        let refuse = |setting, detail| Err(ImportProblem::Setting { setting, detail });
        if let Some(name) = self.time_zone.as_deref().filter(|name| crate::time::zone(name).is_none()) {
            return refuse("time_zone", format!("there is no time zone {name:?}; one is, for example, Europe/Berlin"));
        }
        if let Some(code) = self.currency.as_deref().filter(|code| Currency::parse(code).is_none()) {
            return refuse("currency", format!("{code:?} is no currency code of ISO 4217, such as EUR"));
        }
        if self.delimiter.is_some_and(|delimiter| !DELIMITERS.contains(&delimiter)) {
            return refuse("delimiter", "must be a comma, a semicolon, a tab or |".to_owned());
        }
        if let Some(format) = self.date_format.as_deref() {
            // A format is only known to be wrong when a date is written with it.
            let written = jiff::fmt::strtime::format(format, &jiff::Zoned::default());
            if written.is_err() || !format.contains('%') {
                let detail = format!("{format:?} is no date format such as %d/%m/%Y %H:%M");
                return refuse("date_format", detail);
            }
        }
        Ok(())
    }
}

impl Mapping {
    /// The fields that the caller named, and the columns they are to come from.
    pub(super) fn named(&self) -> impl Iterator<Item = (Field, &str)> {
        let fields = [
            (Field::Order, &self.order_id),
            (Field::Customer, &self.customer_id),
            (Field::Date, &self.order_date),
            (Field::Product, &self.product_name),
            (Field::Price, &self.unit_price),
            (Field::Quantity, &self.quantity),
            (Field::Currency, &self.currency),
        ];
        fields.into_iter().filter_map(|(field, name)| Some((field, name.as_deref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_say_anything_or_nothing() {
        let check = |body: &str, expected: &Settings| {
            assert_eq!(&serde_json::from_str::<Settings>(body).expect("valid"), expected, "{body}")
        };
        check("{}", &Settings::default());
        let mapping = Mapping { order_id: Some("No".to_owned()), ..Mapping::default() };
        check(
            r#"{"format":"csv","source":"shopify","mapping":{"order_id":"No"},"decimal":",","encoding":"windows-1252"}"#,
            &Settings {
                format: Some(FileFormat::Csv),
                source: Some(Kind::Shopify),
                mapping,
                decimal: Some(DecimalMark::Comma),
                encoding: Some(Encoding::Windows1252),
                ..Settings::default()
            },
        );
    }

    #[test]
    fn settings_that_fit_no_file_are_refused() {
        let check = |body: &str, setting: Option<&str>| {
            let settings: Settings = serde_json::from_str(body).expect("valid");
            let got = settings.check().err().map(|problem| match problem {
                ImportProblem::Setting { setting, .. } => setting,
                other => panic!("{other}"),
            });
            assert_eq!(got, setting, "{body}");
        };
        check(r#"{"time_zone":"Europe/Berlin","currency":"EUR","date_format":"%d.%m.%Y","delimiter":"\t"}"#, None);
        check(r#"{"time_zone":"Mars/Olympus"}"#, Some("time_zone"));
        check(r#"{"currency":"Euro"}"#, Some("currency"));
        check(r#"{"delimiter":"x"}"#, Some("delimiter"));
        check(r#"{"date_format":"dd.mm.yyyy"}"#, Some("date_format"));
        check(r#"{"date_format":"%J"}"#, Some("date_format"));
    }
}
