//! E-mail through the operator's SMTP server, always over TLS: for people without Telegram.
//!
//! A mail cannot be edited, so each change of an incident is a new mail in the incident's thread.

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor,
    message::{Attachment, Mailbox, MultiPart, SinglePart, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{
    files,
    model::{Digest, Receipt},
    notify::{
        Message, Notifier, Place, Refusal,
        notifiers::{Problem, secret, with},
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    /// `smtps://host[:465]` (TLS from the start) or `smtp://host[:587]` (STARTTLS, required).
    server: Url,
    from: String,
    to: Vec<String>,
    user: Option<String>,
    password_env: Option<String>,
    /// PEM file with the certificate of a private certificate authority.
    ca: Option<PathBuf>,
}

struct Email {
    from: Mailbox,
    to: Vec<Mailbox>,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

/// Size limit of the file `ca`, in bytes: a certificate has a few thousand.
const LARGEST_CA: u64 = 1 << 20;
/// Timeout of one SMTP command.
const PATIENCE: Duration = Duration::from_secs(20);

/// Builds the notifier from its settings.
pub fn build(value: &Value) -> Result<Arc<dyn Notifier>, Problem> {
    let with: With = with("email", value)?;
    let invalid = |why: String| Problem::Invalid(why);
    let host = with
        .server
        .host_str()
        .ok_or_else(|| invalid("with.server: a host is wanted".to_owned()))?
        .to_owned();
    let mailbox = |text: &String| {
        text.parse::<Mailbox>()
            .map_err(|error| invalid(format!("{text:?} is no mail address: {error}")))
    };
    let to: Vec<Mailbox> = with.to.iter().map(mailbox).collect::<Result<_, _>>()?;
    if to.is_empty() {
        return Err(invalid(
            "with.to: at least one address is wanted".to_owned(),
        ));
    }
    let mut tls = TlsParameters::builder(host.clone());
    if let Some(path) = &with.ca {
        let pem = files::read(path, LARGEST_CA)
            .map_err(|error| invalid(format!("with.ca: {}: {error}", path.display())))?;
        let authority = Certificate::from_pem(&pem)
            .map_err(|error| invalid(format!("with.ca: {}: {error}", path.display())))?;
        tls = tls.add_root_certificate(authority);
    }
    let tls = tls
        .build_rustls()
        .map_err(|error| invalid(format!("TLS for mail cannot be set up: {error}")))?;
    let (tls, usual) = match with.server.scheme() {
        "smtps" => (Tls::Wrapper(tls), 465),
        "smtp" => (Tls::Required(tls), 587),
        other => {
            return Err(invalid(format!(
                "with.server: smtps://host or smtp://host is wanted, {other}:// is neither"
            )));
        }
    };
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(with.server.port().unwrap_or(usual))
        .tls(tls)
        .timeout(Some(PATIENCE));
    match (with.user, with.password_env) {
        (Some(user), Some(variable)) => {
            transport = transport.credentials(Credentials::new(user, secret(&variable)?));
        }
        (None, None) => (),
        _ => {
            return Err(invalid(
                "with: user and password_env belong together".to_owned(),
            ));
        }
    }
    Ok(Arc::new(Email {
        from: mailbox(&with.from)?,
        to,
        transport: transport.build(),
    }))
}

impl Email {
    fn mail(&self, message: &Message) -> Result<Mail, String> {
        let domain = self.from.email.domain();
        // all mails of a subject refer to one thread id
        let thread = format!("<{}@{domain}>", message.key);
        let said = Digest::of_parts([message.key.as_bytes(), message.plain.as_bytes()]).hex();
        let id = format!("<{}.{}@{domain}>", message.key, &said[..16]);
        let mut mail = Mail::builder()
            .from(self.from.clone())
            .subject(&message.headline)
            .message_id(Some(id))
            .in_reply_to(thread.clone())
            .references(thread);
        for to in &self.to {
            mail = mail.to(to.clone());
        }
        let text = SinglePart::plain(message.plain.clone());
        let mail = match &message.document {
            None => mail.singlepart(text),
            Some(document) => {
                let file = Attachment::new(document.name.clone())
                    .body(document.bytes.clone(), kind_of(&document.name));
                mail.multipart(MultiPart::mixed().singlepart(text).singlepart(file))
            }
        };
        mail.map_err(|error| error.to_string())
    }
}

#[async_trait]
impl Notifier for Email {
    async fn send(&self, message: &Message, _place: Place<'_>) -> Result<Option<Receipt>, Refusal> {
        let mail = self.mail(message).map_err(Refusal::Never)?;
        match self.transport.send(mail).await {
            Ok(_) => Ok(None),
            Err(error) if error.is_permanent() => Err(Refusal::Never(error.to_string())),
            // the server refused for now, or was never reached
            Err(error) if error.is_transient() || error.is_tls() || error.is_client() => {
                Err(Refusal::Later(None, error.to_string()))
            }
            Err(error) if error.to_string().contains("onnection") => {
                Err(Refusal::Later(None, error.to_string()))
            }
            Err(error) => Err(Refusal::Unsure(error.to_string())),
        }
    }
}

fn kind_of(name: &str) -> ContentType {
    let kind = if name.ends_with(".csv") {
        "text/csv; charset=utf-8"
    } else {
        "text/html; charset=utf-8"
    };
    ContentType::parse(kind).unwrap_or(ContentType::TEXT_PLAIN)
}
