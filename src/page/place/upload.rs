//! Folders that keep what is uploaded: documents, pictures, temporary files. A content management system writes there
//! for editors, visitors and, through its holes, for anybody.

/// How surely a folder keeps what others than the webmaster put there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// A folder inside that bears the name of a program part (`js`, `skins`, `cache`): systems write code there.
    Program,
    /// Below a folder of documents or media that some systems use for their own parts, too.
    Mixed,
    /// Directly among uploads or pictures, or in their folders by date and number.
    Uploads,
}

/// An address inside such a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub kept: Kept,
    /// The class of the address: the folder, and the next one with its digits as `#`.
    pub folder: String,
    /// Ending of the file's name in lower case, without the dot; empty if it has none.
    pub ending: String,
    /// Whether the file lies in the folder itself, and in none inside it.
    pub direct: bool,
}

/// Names of folders of what visitors and editors send.
const UPLOADS: &[&str] = &[
    "userfile",
    "userfiles",
    "attachment",
    "attachments",
    "attach",
    "image",
    "images",
    "img",
    "imgs",
    "avatar",
    "avatars",
    "banner",
    "banners",
    "thumb",
    "thumbs",
    "thumbnail",
    "thumbnails",
    "tmp",
    "temp",
    "dinhkem",
    "dinh-kem",
];

/// Names of folders of documents and media that some systems use for their own code, and portals for their sections.
const MIXED: &[&str] = &[
    "file",
    "files",
    "media",
    "medias",
    "portals",
    "document",
    "documents",
    "download",
    "downloads",
    "storage",
    "cache",
    "picture",
    "pictures",
    "photo",
    "photos",
    "hinhanh",
    "hinh-anh",
    "hinh_anh",
    "anh",
    "gallery",
    "galleries",
    "album",
    "albums",
    "tailieu",
    "tai-lieu",
];

/// Names of folders in which systems and libraries keep code.
const PROGRAMS: &[&str] = &[
    "js",
    "javascript",
    "javascripts",
    "script",
    "scripts",
    "css",
    "style",
    "styles",
    "skin",
    "skins",
    "container",
    "containers",
    "theme",
    "themes",
    "template",
    "templates",
    "tpl",
    "plugin",
    "plugins",
    "module",
    "modules",
    "component",
    "components",
    "lib",
    "libs",
    "library",
    "libraries",
    "vendor",
    "vendors",
    "assets",
    "static",
    "dist",
    "build",
    "min",
    "minify",
    "minified",
    "system",
    "jui",
    "core",
    "layouts",
    "widget",
    "widgets",
    "bundles",
    "cms",
    "legacy",
    "elementor",
    "cache",
    "desktopmodules",
    "node_modules",
];

fn is_program(segment: &str) -> bool {
    PROGRAMS.contains(&segment)
        || ["com_", "mod_", "plg_", "tpl_"]
            .iter()
            .any(|it| segment.starts_with(it))
        || [
            "-assets",
            "-scripts",
            "-cache",
            "-css-js",
            "optimize",
            "optimizer",
        ]
        .iter()
        .any(|it| segment.ends_with(it))
        || segment.contains("minif")
}

/// Most segments of a path that are read.
const DEEP: usize = 16;

/// The folder of uploads in which a path lies; `None` for any other path. `path` has neither query nor fragment.
pub fn upload(path: &str) -> Option<Upload> {
    let lower = path.to_ascii_lowercase();
    let segments: Vec<&str> = lower
        .split('/')
        .filter(|it| !it.is_empty())
        .take(DEEP)
        .collect();
    let (name, folders) = segments.split_last()?;
    let at = folders
        .iter()
        .position(|it| it.contains("upload") || UPLOADS.contains(it) || MIXED.contains(it))?;
    // a library that serves uploads, or the pictures of a theme
    let inside = folders[..at]
        .iter()
        .any(|it| is_program(it) && !["assets", "static", "storage"].contains(it));
    let below = &folders[at + 1..];
    let kept = if inside || folders[at] == "cache" || below.iter().any(|it| is_program(it)) {
        Kept::Program
    } else if MIXED.contains(&folders[at])
        && (below.is_empty() || below.iter().any(|it| !is_number(it)))
    {
        Kept::Mixed
    } else {
        Kept::Uploads
    };
    let mut folder = folders[..=at].join("/");
    if let Some(next) = below.first() {
        folder.push('/');
        folder.push_str(&if is_number(next) {
            "#".to_owned()
        } else {
            (*next).to_owned()
        });
    }
    let ending = name.rsplit_once('.').map(|it| it.1).unwrap_or_default();
    let ending = ending.chars().take(8).collect();
    Some(Upload {
        kept,
        folder,
        ending,
        direct: below.is_empty(),
    })
}

/// Whether a folder's name is a date, a number or a hash.
fn is_number(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    digits > 0 && (digits * 2 >= segment.len() || segment.bytes().all(|it| it.is_ascii_hexdigit()))
}

/// Endings of files that a server or a browser runs, or shows as a page.
const ACTIVE: &[&str] = &[
    "html", "htm", "shtml", "xhtml", "php", "phtml", "php5", "php7", "pht", "phar", "asp", "aspx",
    "ashx", "asmx", "jsp", "jspx", "cfm", "cgi", "pl", "py", "sh", "js", "mjs", "apk", "exe",
    "scr", "hta", "msi", "bat", "vbs", "ps1", "jar",
];

/// Whether the address is that of a page or program among the uploads of its host: the host's owner need not know of it.
pub fn is_active_upload(url: &str) -> bool {
    upload(super::path(url))
        .is_some_and(|it| it.kept != Kept::Program && ACTIVE.contains(&it.ending.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_and_parts_of_programs() {
        let kept = |path: &str| upload(path).map(|it| it.kept);
        for path in [
            "/upload/2026/11/a.js",
            "/wp-content/uploads/stat.js",
            "/UserFiles/Image/logo.png",
            "/files/2026/x.html",
            "/Portals/0/a.js",
            "/images/banner/x.jpg",
            "/assets/uploads/x.js",
        ] {
            assert_eq!(kept(path), Some(Kept::Uploads), "{path}");
        }
        for path in [
            "/media/system/js/core.js",
            "/wp-content/uploads/fusion-scripts/a.min.js",
            "/sites/default/files/js/js_x.js",
            "/Portals/_default/skins/a/b.js",
            "/js/jquery-file-upload/x.js",
            "/wp-content/cache/autoptimize/a.js",
            "/themes/tinh/images/x.js",
        ] {
            assert_eq!(kept(path), Some(Kept::Program), "{path}");
        }
        assert_eq!(kept("/documents/huong-dan/x.js"), Some(Kept::Mixed));
        assert_eq!(kept("/hinh-anh/le-hoi.html"), Some(Kept::Mixed));
        for path in ["/js/main.js", "/", "", "/bundles/jquery", "/upload"] {
            assert_eq!(kept(path), None, "{path}");
        }
    }

    #[test]
    fn one_class_for_all_months() {
        let class = |path: &str| upload(path).map(|it| (it.folder, it.ending));
        assert_eq!(class("/upload/2025/01/a.JS"), class("/upload/2026/11/b.js"));
        assert_ne!(
            class("/upload/2025/01/a.js"),
            class("/upload/2025/01/a.html")
        );
    }
}
