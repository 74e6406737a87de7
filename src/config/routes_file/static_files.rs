//! `static`: a file, or the files of a folder.

use std::path::{Component, Path, PathBuf};

use http::HeaderValue;

use super::Surroundings;
use crate::config::code;
use crate::routes::pattern::Pattern;
use crate::routes::target::{StaticFiles, StaticRoot};
use config_text::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use config_text::files::{Base, existing_file, existing_folder};
use config_text::written::{Text, Written};

config_text::record! {
    /// Files of this machine: `file`, or `folder`.
    pub(super) struct RawStatic as "a `static` section" {
        /// One file, whatever the path.
        file: optional Written<Text>,
        /// A folder; the pattern ends in `/*`, and the file is what the `*` took.
        folder: optional Written<Text>,
        /// The file served for a folder.
        index: optional Text,
        /// The file, relative to the folder, served when there is no such file: for single-page applications.
        fallback: optional Text,
        /// The value of `Cache-Control`.
        cache_control: optional HeaderValue,
        /// The value of `Content-Type`; without it, it follows from the file's name.
        content_type: optional HeaderValue,
    }
}

pub(super) fn static_files(
    raw: &RawStatic,
    patterns: &[Spanned<Pattern>],
    around: &Surroundings<'_>,
    cx: &mut Diagnostics,
) -> Option<StaticFiles> {
    let root = match (&raw.file, &raw.folder) {
        (Some(file), Some(folder)) => {
            cx.push(conflict("`file` and `folder`", folder.span, file.span));
            None
        }
        (Some(file), None) => {
            for (key, extra) in [("index", &raw.index), ("fallback", &raw.fallback)] {
                if let Some(extra) = extra {
                    cx.push(conflict(&format!("`{key}` and `file`"), extra.span, file.span));
                }
            }
            let path = existing_file(Base::File(around.folder), file.value.as_ref()?, cx);
            path.map(StaticRoot::File)
        }
        (None, Some(folder)) => {
            require_splat(folder.span, patterns, cx);
            folder_root(folder.value.as_ref()?, raw, around.folder, cx)
        }
        (None, None) => {
            let message = "a `static` section needs the key `file` or `folder`";
            cx.push(Diagnostic::error(code::MISSING_KEY, raw.span, message));
            None
        }
    };
    Some(StaticFiles {
        root: root?,
        cache_control: raw.cache_control.clone(),
        content_type: raw.content_type.clone(),
    })
}

fn conflict(keys: &str, second: Span, first: Span) -> Diagnostic {
    let message = format!("{keys} do not go together");
    Diagnostic::error(code::CONFLICTING_TARGET, second, message)
        .label("keep one of them")
        .note_at(first, "the other")
}

/// A folder without a `*` would serve one and the same file for ever.
fn require_splat(folder: Span, patterns: &[Spanned<Pattern>], cx: &mut Diagnostics) {
    if let Some(pattern) = patterns.iter().find(|pattern| !pattern.has_splat()) {
        let message = format!("`{}` does not say which file of the folder is meant", pattern.as_str());
        cx.push(
            Diagnostic::error(code::UNKNOWN_PARAMETER, folder, message)
                .label("the file is what a `*` took")
                .note_at(pattern.span, "does not end in `/*`"),
        );
    }
}

fn folder_root(text: &Text, raw: &RawStatic, base: &Path, cx: &mut Diagnostics) -> Option<StaticRoot> {
    let folder = existing_folder(Base::File(base), text, cx);
    if let Some(index) = &raw.index
        && !is_file_name(&index.value)
    {
        let message = "`index` is the name of a file, without a folder";
        cx.push(Diagnostic::error(code::INVALID_VALUE, index.span, message));
    }
    let fallback = raw.fallback.as_ref().and_then(|fallback| {
        let path = inside(fallback, cx)?;
        existing_file(Base::Folder(folder.as_ref()?), fallback, cx).map(|_| path)
    });
    Some(StaticRoot::Folder {
        folder: folder?,
        index: raw.index.as_ref().map(|index| index.value.clone()),
        fallback,
    })
}

fn is_file_name(text: &str) -> bool {
    let mut components = Path::new(text).components();
    matches!(
        (components.next(), components.next()),
        (Some(Component::Normal(_)), None)
    )
}

/// A path that stays in the folder.
fn inside(text: &Text, cx: &mut Diagnostics) -> Option<PathBuf> {
    let path = Path::new(&text.value);
    let plain = |component: Component<'_>| matches!(component, Component::Normal(_));
    if path.components().all(plain) {
        return Some(path.to_owned());
    }
    let message = "this leads out of the folder";
    cx.push(Diagnostic::error(code::INVALID_VALUE, text.span, message).label("relative to the folder, without `..`"));
    None
}
