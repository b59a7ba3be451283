//! Currency codes of ISO 4217. Knows no rates and no symbols.

use serde::{Serialize, Serializer};

/// A currency code of ISO 4217, such as `EUR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(&'static str);

impl Currency {
    /// Reads a code in capitals; `None` where ISO 4217 has no such code.
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        let at = CODES.find(text).filter(|_| shaped)?;
        Some(Self(&CODES[at..at + 3]))
    }
    pub const fn code(self) -> &'static str {
        self.0
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// Active codes of ISO 4217, and those withdrawn lately: old orders carry them.
const CODES: &str = "\
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF \
CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD \
GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP \
LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN \
PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS \
TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD \
XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG ZWL";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_iso_4217() {
        let check = |text: &str, known: bool| assert_eq!(Currency::parse(text).is_some(), known, "{text:?}");
        check("EUR", true);
        check("ZWL", true);
        check("eur", false);
        check("EURO", false);
        check("D A", false);
        check("ABC", false);
        check("", false);
    }
}
