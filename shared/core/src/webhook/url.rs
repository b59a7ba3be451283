//! Whether a URL may be a webhook's. Says nothing of what a name resolves to: the sender checks that each time.

use super::address::is_public;
use std::net::IpAddr;
use url::{Host, Url};

pub const MAX_LEN: usize = 2_048;

/// What the operator's setting lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlPolicy {
    /// https to public addresses: every deployment.
    PublicOnly,
    /// http and private addresses too: for a run on one machine.
    AllowPrivate,
}

/// The URL, parsed; or what is wrong with it, for the caller.
pub fn check(text: &str, policy: UrlPolicy) -> Result<Url, String> {
    if text.len() > MAX_LEN {
        return Err(format!("is longer than {MAX_LEN} characters"));
    }
    let url = Url::parse(text).map_err(|_| "is not a URL such as https://example.com/hook".to_owned())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password".to_owned());
    }
    let Some(host) = url.host() else { return Err("has no host".to_owned()) };
    match policy {
        UrlPolicy::AllowPrivate if matches!(url.scheme(), "http" | "https") => Ok(url.clone()),
        UrlPolicy::AllowPrivate => Err("must begin with http:// or https://".to_owned()),
        UrlPolicy::PublicOnly => public_only(&url, &host).map(|()| url.clone()),
    }
}

fn public_only(url: &Url, host: &Host<&str>) -> Result<(), String> {
    if url.scheme() != "https" {
        return Err("must begin with https://".to_owned());
    }
    if !matches!(url.port_or_known_default(), Some(443 | 8443 | 1024..)) {
        return Err("must use port 443, 8443 or one from 1024 on".to_owned());
    }
    let address: Option<IpAddr> = match host {
        Host::Ipv4(v4) => Some((*v4).into()),
        Host::Ipv6(v6) => Some((*v6).into()),
        Host::Domain(_) => None,
    };
    match address {
        Some(address) if !is_public(address) => Err("must be a public address".to_owned()),
        None if is_local_name(host) => Err("must be a public host name".to_owned()),
        _ => Ok(()),
    }
}

/// Names that never leave a machine or a network, refused before anybody asks a resolver.
fn is_local_name(host: &Host<&str>) -> bool {
    let Host::Domain(name) = host else { return false };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let local = ["localhost", "local", "internal", "home.arpa"];
    !name.contains('.') || local.iter().any(|suffix| name.ends_with(&format!(".{suffix}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_refused_in_every_spelling() {
        let refused = |text: &str| assert!(check(text, UrlPolicy::PublicOnly).is_err(), "{text}");
        for url in [
            "http://example.com/",
            "ftp://example.com/",
            "https://",
            "https:///127.0.0.1/",
            "https://user@example.com/",
            "https://user:pw@example.com/",
            "https://example.com:22/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://①②⑦.0.0.1/",
            "https://[::1]/",
            "https://[::127.0.0.1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://169.254.169.254/latest",
            "https://localhost/",
            "https://a.localhost/",
            "https://printer.local/",
            "https://intranet/",
            "https://localhost./",
            "not a url",
            "",
        ] {
            refused(url);
        }
        refused(&format!("https://example.com/{}", "x".repeat(MAX_LEN)));
        for url in ["https://your-server.com/hooks/affinsy", "https://example.com:8443/", "https://8.8.8.8:3000/x"] {
            assert!(check(url, UrlPolicy::PublicOnly).is_ok(), "{url}");
        }
        assert!(check("http://127.0.0.1:9/", UrlPolicy::AllowPrivate).is_ok());
        assert!(check("file:///etc/passwd", UrlPolicy::AllowPrivate).is_err());
    }
}
