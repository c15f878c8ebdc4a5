//! Stored form of the features of several looks. Looks at one page share most texts, so each text is written once;
//! lines for people are written for the latest look only.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    features::{Features, Told},
    lines::Line,
};
use crate::model::Digest;

/// Features of several looks, oldest first, each under a digest that the caller chose.
pub type FeatureSets = Vec<(Digest, Arc<Features>)>;

#[derive(Serialize, Deserialize)]
struct Written<'a> {
    texts: Vec<Cow<'a, Told>>,
    looks: Vec<Look<'a>>,
    latest: Cow<'a, [Line]>,
}

#[derive(Serialize, Deserialize)]
struct Look<'a> {
    name: [u8; 32],
    features: Cow<'a, Features>,
    /// Indices into the list of texts.
    texts: Vec<u32>,
}

/// Encodes features in the postcard format. Lines of all looks but the last are left out.
pub fn write(feature_sets: &FeatureSets) -> Result<Vec<u8>, postcard::Error> {
    let mut places: HashMap<u64, u32> = HashMap::new();
    let mut texts = Vec::new();
    let mut looks = Vec::new();
    for (name, features) in feature_sets {
        let of_look = features.texts.iter().map(|it| {
            *places.entry(it.key).or_insert_with(|| {
                texts.push(Cow::Borrowed(it.as_ref()));
                texts.len() as u32 - 1
            })
        });
        looks.push(Look {
            name: *name.bytes(),
            texts: of_look.collect(),
            features: Cow::Borrowed(features),
        });
    }
    let latest = feature_sets.last().and_then(|(_, it)| it.lines.as_deref());
    postcard::to_allocvec(&Written {
        texts,
        looks,
        latest: Cow::Borrowed(latest.unwrap_or_default()),
    })
}

/// Decodes features. Returns none if the bytes are not from [`write()`].
pub fn read(bytes: &[u8]) -> FeatureSets {
    let Ok(written) = postcard::from_bytes::<Written>(bytes) else {
        return FeatureSets::new();
    };
    let texts: Vec<Arc<Told>> = written
        .texts
        .into_iter()
        .map(|it| Arc::new(it.into_owned()))
        .collect();
    let mut feature_sets: FeatureSets = written
        .looks
        .into_iter()
        .map(|look| {
            let mut features = look.features.into_owned();
            let places = look.texts.iter();
            features.texts = places
                .filter_map(|it| texts.get(*it as usize).cloned())
                .collect();
            (Digest::from(look.name), Arc::new(features))
        })
        .collect();
    if let Some((_, last)) = feature_sets.last_mut() {
        Arc::make_mut(last).lines = Some(written.latest.into_owned());
    }
    feature_sets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        diff::Norm,
        page::{self, Source},
    };

    fn features(html: &str) -> Features {
        let source = Source {
            bytes: html.as_bytes(),
            content_type: None,
            url: &"https://a.gov.vn/".parse().unwrap(),
            ignore: &[],
        };
        Features::of(&page::read(source).unwrap())
    }

    #[test]
    fn what_was_written_makes_the_same_norm() {
        let looks = [
            "<title>Xã A</title><p>Tin một<a href=/1>Một</a><img src=a.png alt='Ảnh đẹp'>",
            "<title>Xã A</title><p>Tin hai<a href=/2>Hai</a><p>Tin một<div hidden>ẩn</div>",
        ];
        let kept: FeatureSets = looks
            .iter()
            .map(|it| (Digest::of(it.as_bytes()), Arc::new(features(it))))
            .collect();
        let bytes = write(&kept).unwrap();
        let back = read(&bytes);
        assert_eq!(back[1], kept[1]);
        assert_eq!(back[0].1.texts, kept[0].1.texts);
        let norm = |of: &FeatureSets| ordered(Norm::of(of.iter().map(|it| it.1.as_ref())));
        assert_eq!(norm(&back), norm(&kept));
        for cut in 0..bytes.len() {
            assert!(read(&bytes[..cut]).is_empty(), "cut at {cut}");
        }
    }

    /// The parts of a norm that have an order.
    fn ordered(norm: Norm) -> (String, Vec<Line>, Vec<String>, [usize; 12]) {
        (norm.folded, norm.lines, norm.own_urls, norm.letters)
    }

    /// Stored features outlive the program that wrote them. If this test fails, raise
    /// [`FORMAT`](crate::diff::features::FORMAT) and write the new digest here.
    #[test]
    fn an_edition_is_an_edition() {
        let page = r#"<html lang=vi><head><title>Cổng TTĐT xã A</title><meta name=description content="Trang tin của xã">
            <link rel=canonical href=/><style>.x{display:none}</style><script src=//cdn.vn/a.js?v=3></script>
            <script>var a="9f8a7b6c5d4e3f2a1b0c9d8e7f";document.write(a)</script></head>
            <body id=top class="trang chủ"><h1>Xã A</h1><p>Hôm nay 22/11, H4cked   by</p>
            <ul><li><a href="/tin/1?utm_source=x">Một</a><li><a href="https://khac.vn/b">Hai</a></ul>
            <div class=x><a href="https://an.vn/">ẩn</a></div><div style="font-size:0">nhỏ</div>
            <form action=/tim><input name=q placeholder=Tìm><input type=password></form>
            <iframe src=https://maps.vn/ width=0></iframe><img src=/a.png alt="Ảnh">
            <noscript><p>không</p></noscript><marquee>chạy</marquee><video autoplay src=a.mp4></video>
            <button onclick="location='https://b.vn'">Bấm</button><table><tr><td>1<td>2</table></body>"#;
        let bytes = write(&vec![(Digest::of(b""), Arc::new(features(page)))]).unwrap();
        assert_eq!(Digest::of(&bytes).short(), "1d0d1c6c…c1f6");
    }
}
