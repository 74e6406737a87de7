//! The YAML library counts characters; everything else here counts bytes.

use saphyr_parser::Marker;

use crate::diagnostic::{FileId, Span};

/// Byte offsets of one text by its character offsets.
pub(super) struct Places {
    file: FileId,
    length: usize,
    /// One entry for each character; `None` when characters and bytes are the same.
    bytes: Option<Vec<usize>>,
}

impl Places {
    pub(super) fn new(file: FileId, text: &str) -> Self {
        Self {
            file,
            length: text.len(),
            bytes: (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect()),
        }
    }

    pub(super) fn span(&self, span: saphyr_parser::Span) -> Span {
        let start = self.byte(span.start);
        Span {
            file: self.file,
            start,
            end: self.byte(span.end).max(start),
        }
    }

    /// One marker as a span of no length.
    pub(super) fn point(&self, marker: Marker) -> Span {
        let at = self.byte(marker);
        Span {
            file: self.file,
            start: at,
            end: at,
        }
    }

    pub(super) fn end(&self) -> Span {
        Span {
            file: self.file,
            start: self.length,
            end: self.length,
        }
    }

    fn byte(&self, marker: Marker) -> usize {
        match &self.bytes {
            None => marker.index().min(self.length),
            Some(bytes) => bytes.get(marker.index()).copied().unwrap_or(self.length),
        }
    }
}
