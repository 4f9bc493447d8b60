//! Encryption, and how far the server's certificate is trusted.

use crate::error::Error;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WantsClientCert, WebPkiServerVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore,
    SignatureScheme,
};
use std::sync::Arc;

/// How far the server's certificate is trusted, in libpq's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verify {
    /// `prefer`, `require`: encrypt, trust anyone.
    Nothing,
    /// `verify-ca`: a known authority has signed it.
    Authority,
    /// `verify-full`: and it is for this host.
    Full,
}

/// Whom a connection trusts, and what it shows of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trust<'a> {
    pub(crate) verify: Verify,
    /// A file of authorities; else the system's.
    pub(crate) root: Option<&'a str>,
    /// Files of our own certificate and of its key.
    pub(crate) own: Option<(&'a str, &'a str)>,
}

/// What the driver needs to encrypt, and to check as much as is asked.
pub(crate) fn config(trust: &Trust<'_>) -> Result<ClientConfig, Error> {
    let Trust { verify, root, own } = *trust;
    let bad = |why: String| Error::BadConnection(why);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(error.to_string()))?;
    if verify == Verify::Nothing {
        let verifier = Arc::new(Lenient {
            inner: None,
            schemes: schemes(&provider),
        });
        return shown(
            builder
                .dangerous()
                .with_custom_certificate_verifier(verifier),
            own,
        );
    }
    let mut roots = RootCertStore::empty();
    match root {
        Some(path) => {
            let unusable = |error: String| bad(format!("sslrootcert {path}: {error}"));
            for certificate in
                CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?
            {
                let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
                roots
                    .add(certificate)
                    .map_err(|error| unusable(error.to_string()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| {
            bad(format!(
                "no certificate authority is known: {error}; say sslrootcert=<file>"
            ))
        })?;
    if verify == Verify::Full {
        return shown(builder.with_webpki_verifier(inner), own);
    }
    let verifier = Arc::new(Lenient {
        inner: Some(inner),
        schemes: schemes(&provider),
    });
    shown(
        builder
            .dangerous()
            .with_custom_certificate_verifier(verifier),
        own,
    )
}

/// Shows our own certificate to a server that asks for one.
fn shown(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    own: Option<(&str, &str)>,
) -> Result<ClientConfig, Error> {
    let Some((certificate, key)) = own else {
        return Ok(builder.with_no_client_auth());
    };
    let bad =
        |word: &str, path: &str, why: String| Error::BadConnection(format!("{word} {path}: {why}"));
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| bad("sslcert", certificate, error.to_string()))?;
    let secret =
        PrivateKeyDer::from_pem_file(key).map_err(|error| bad("sslkey", key, error.to_string()))?;
    builder
        .with_client_auth_cert(chain, secret)
        .map_err(|error| bad("sslcert", certificate, error.to_string()))
}

fn schemes(provider: &rustls::crypto::CryptoProvider) -> Vec<SignatureScheme> {
    provider
        .signature_verification_algorithms
        .supported_schemes()
}

/// Trusts any certificate, or any that a known authority has signed, whatever host it is for.
#[derive(Debug)]
struct Lenient {
    inner: Option<Arc<WebPkiServerVerifier>>,
    schemes: Vec<SignatureScheme>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(inner) = &self.inner else {
            return Ok(ServerCertVerified::assertion());
        };
        match inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match &self.inner {
            Some(inner) => inner.verify_tls12_signature(message, cert, signed),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match &self.inner {
            Some(inner) => inner.verify_tls13_signature(message, cert, signed),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}
