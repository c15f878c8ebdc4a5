//! Hosts that everybody embeds, hosts of public bodies, and endings that attackers favour.

/// Registrable domains of libraries, players, maps, statistics and social networks that honest
/// pages add without telling anybody. Facts gathered from pages of governments and newspapers.
const WELL_KNOWN: &[&str] = &[
    "adobedtm.com", "adobe.com", "akamaihd.net", "akamaized.net", "amazonaws.com", "apple.com", "arcgis.com",
    "aspnetcdn.com", "azureedge.net", "azurefd.net", "addthis.com", "addtoany.com", "bing.com", "bootstrapcdn.com", "buzzsprout.com",
    "cloudflare.com", "cloudflareinsights.com", "cloudfront.net", "cookiebot.com", "cookielaw.org", "cookieyes.com",
    "crazyegg.com", "creativecommons.org", "constantcontact.com", "disqus.com", "doubleclick.net",
    "dcmaps.com", "drupal.org", "elfsight.com", "elfsightcdn.com", "embedly.com", "eventbrite.com", "everesttech.net", "facebook.com", "facebook.net", "fbcdn.net",
    "flickr.com", "fontawesome.com", "fonts.net", "formstack.com", "github.com", "github.io", "githubusercontent.com", "gitlab.com",
    "google-analytics.com", "google.com", "google.com.vn", "googleadservices.com", "googleapis.com",
    "googlesyndication.com", "googletagmanager.com", "googletagservices.com", "googleusercontent.com", "govdelivery.com", "granicus.com",
    "gravatar.com", "gstatic.com", "hcaptcha.com", "histats.com", "hotjar.com", "hs-scripts.com", "hubspot.com", "instagram.com", "issuu.com",
    "jquery.com", "jsdelivr.net", "jwpcdn.com", "jwplatform.com", "kaltura.com", "level3.com", "licdn.com", "linkedin.com", "live.com", "livechatinc.com", "list-manage.com", "mailchimp.com",
    "mapbox.com", "mathjax.org", "matomo.cloud", "maxcdn.com", "mxpnl.com", "optimizely.com", "segment.com", "sentry.io", "sentry-cdn.com", "statcounter.com", "staticfile.org", "trustarc.com", "usabilla.com", "webtrends.com", "webtrendslive.com", "browser-update.org", "browsealoud.com", "clarity.ms", "cdnjs.com", "datatables.net", "esri.com", "foresee.com", "foreseeresults.com", "gigya.com", "intercom.io", "intercomcdn.com", "leafletjs.com", "mouseflow.com", "olark.com", "plausible.io", "qq.com", "rawgit.com", "slideshare.net", "tawk.to", "tiqcdn.com", "yastatic.net", "baidu.com", "bdstatic.com", "cnzz.com", "medium.com", "microsoft.com", "monsido.com", "mozilla.org", "newrelic.com", "nr-data.net", "office.com", "office365.com", "onetrust.com", "openstreetmap.org", "outlook.com",
    "pingdom.net", "pinterest.com", "polyfill.io", "powerbi.com", "qualtrics.com", "quantserve.com", "readspeaker.com", "recaptcha.net", "reddit.com", "recollect.net", "scorecardresearch.com", "sharethis.com", "sharepoint.com", "shopify.com", "siteimprove.com", "siteimproveanalytics.com", "siteimproveanalytics.io", "snapchat.com", "soundcloud.com", "spotify.com", "squarespace.com",
    "stackpath.com", "surveymonkey.com", "t.co", "t.me", "tableau.com", "telegram.org", "threads.net", "tiktok.com", "tiktokcdn.com", "translate.goog", "tumblr.com",
    "twimg.com", "twitter.com", "typekit.net", "unpkg.com", "userway.org", "viber.com", "vimeo.com", "vimeocdn.com", "visualstudio.com", "w.org", "w3.org", "weebly.com", "whatsapp.com", "wikipedia.org", "wistia.com", "wistia.net", "wix.com", "wixstatic.com",
    "wordpress.com", "wordpress.org", "wp.com", "x.com", "yahoo.com", "yandex.ru", "yimg.com", "youtube-nocookie.com", "youtube.com", "youtu.be", "zalo.me", "zaloapp.com", "zadn.vn", "zdassets.com", "zendesk.com", "zoom.us",
    "vnexpress.net", "vnptcdn.vn", "vnecdn.net", "base.vn", "ncsc.gov.vn", "web.archive.org", "archive.org",
];

/// Endings that cost nothing or little and carry most of the planted links and scripts.
const RISKY_TLDS: &[&str] = &[
    "bet", "buzz", "cam", "casino", "cc", "cf", "cfd", "click", "club", "cyou", "fit", "fun", "ga", "gq", "icu", "lat",
    "life", "link", "live", "lol", "loan", "ml", "mom", "monster", "one", "online", "pics", "poker", "pro", "pw", "quest",
    "rest", "ru", "sbs", "shop", "site", "skin", "space", "su", "surf", "tk", "today", "top", "vip", "win", "work", "wtf", "ws", "xyz", "zip",
];

/// Second-level endings under which only public bodies, schools and armies are registered.
const PUBLIC: &[&str] = &["gov", "edu", "mil", "go", "gob", "gouv", "gub", "ac", "govt"];

pub fn is_well_known(domain: &str) -> bool {
    WELL_KNOWN.contains(&domain)
}

/// `*.gov`, `*.gov.vn`, `*.edu`, `*.go.id` …, and Vietnam's own `.vn`, where a registrant is identified.
pub fn is_public_body(host: &str) -> bool {
    let mut labels = host.rsplit('.');
    match (labels.next(), labels.next()) {
        (Some(last), Some(second)) => {
            last == "vn" || PUBLIC.contains(&last) || (last.len() == 2 && PUBLIC.contains(&second)) || last == "int"
        }
        _ => false,
    }
}

pub fn is_risky(host: &str) -> bool {
    host.rsplit('.').next().is_some_and(|it| RISKY_TLDS.contains(&it)) || host.contains("xn--")
}
