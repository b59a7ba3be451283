//! Where webhooks may go and when they come again: held against the standard library's own words for addresses.

use crate::{check_short, now};
use affinsy_core::webhook::address::is_public;
use affinsy_core::webhook::schedule::{STEPS_S, next_attempt_ms, retry_after_s};
use affinsy_core::webhook::url::{MAX_LEN, UrlPolicy, check};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub fn webhook_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lenient = check(text, UrlPolicy::AllowPrivate);
    let url = match check(text, UrlPolicy::PublicOnly) {
        Ok(url) => url,
        Err(reason) => {
            check_short(&reason);
            if let Ok(url) = lenient {
                assert!(matches!(url.scheme(), "http" | "https") && url.host().is_some(), "{url}");
            }
            return;
        }
    };
    assert_eq!(lenient.as_ref(), Ok(&url), "what is fine in public is fine at home");
    assert!(text.len() <= MAX_LEN && url.scheme() == "https", "{url}");
    assert!(url.username().is_empty() && url.password().is_none(), "{url}");
    let port = url.port().unwrap_or(443);
    assert!(port == 443 || port == 8443 || port >= 1024, "{url}");
    let host = url.host_str().expect("a host");
    // Both as a resolver would read the host, and as a literal in brackets.
    if let Ok(address) = host.trim_start_matches('[').trim_end_matches([']', '.']).parse::<IpAddr>() {
        assert!(!is_reserved(address), "{url}");
    }
    let name = host.trim_end_matches('.');
    assert!(!name.is_empty() && name != "localhost" && !name.ends_with(".localhost"), "{url}");
    let again = url::Url::parse(url.as_str());
    assert_eq!(again.as_ref(), Ok(&url), "a URL that is written out is the same when it is read");
}

pub fn address(data: &[u8]) {
    if let Some(bytes) = data.first_chunk::<4>() {
        check_address(Ipv4Addr::from(*bytes).into());
        let [a, b, c, d] = *bytes;
        // An IPv4 address in the clothes of an IPv6 one leads to the same machine.
        let [ab, cd] = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
        for dressed in [
            Ipv4Addr::from(*bytes).to_ipv6_mapped(),
            Ipv6Addr::new(0, 0, 0, 0, 0, 0, ab, cd),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, ab, cd),
            Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, ab, cd),
            Ipv6Addr::new(0x2002, ab, cd, 0, 0, 0, 0, 1),
            Ipv6Addr::new(0x2001, 0, ab, cd, 0, 0, !ab, !cd),
        ] {
            assert!(!is_public(dressed.into()), "{dressed}");
        }
    }
    if let Some(bytes) = data.first_chunk::<16>() {
        check_address(Ipv6Addr::from(*bytes).into());
    }
}

fn check_address(address: IpAddr) {
    assert!(!is_public(address) || !is_reserved(address), "{address}");
}

/// What the standard library knows of addresses that are not for everybody.
fn is_reserved(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || v4.is_documentation()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.to_ipv4().is_some()
        }
    }
}

pub fn retry_after(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let asked = retry_after_s(text, now());
    if let Ok(seconds) = text.parse::<u64>()
        && !text.starts_with('+')
    {
        assert_eq!(asked, Some(seconds), "{text}");
    }
    for (attempts, step_s) in STEPS_S.iter().enumerate() {
        for (jitter, patient) in [(0.0, false), (0.5, true), (1.0, false)] {
            let least = (*step_s as f64 * 800.0) as u64;
            let most = (2_000 * step_s).max(if patient { 60_000 } else { 0 });
            let wait = next_attempt_ms(attempts, jitter, asked, patient).expect("a step");
            assert!((least..=most).contains(&wait), "{text}: {wait} ms after {attempts}");
            let unasked = next_attempt_ms(attempts, jitter, None, patient).expect("a step");
            assert!(wait >= unasked, "{text}: a receiver may put off, not hurry");
        }
    }
    assert_eq!(next_attempt_ms(STEPS_S.len(), 0.5, asked, false), None);
}
