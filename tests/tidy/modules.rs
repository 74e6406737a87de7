//! Modules depend one way. `lib.rs` of a program lists them in reading order; a library may list them as it likes, but no two
//! of its modules use each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::leading_word;
use crate::repository::{File, enforce, every, read};

/// Where `lib.rs` lists the modules in reading order: each uses only those below it.
const IN_READING_ORDER: [&str; 3] = ["src/", "crates/auth-gateway/src/", "crates/config-text/src/"];
/// Where it does not.
const WITHOUT_CYCLES: [&str; 1] = ["crates/event-store/src/"];

/// The modules that the `lib.rs` of a source folder declares, in its order.
pub(crate) fn declared(folder: &str) -> Vec<String> {
    let lib = read(&format!("{folder}lib.rs"));
    let names = lib.text.lines().filter_map(|line| {
        let declaration = line.strip_prefix("pub ").unwrap_or(line);
        declaration.strip_prefix("mod ")?.strip_suffix(';')
    });
    names.map(str::to_owned).collect()
}

/// The module of a source folder that a file belongs to; `None` for `lib.rs`, `main.rs` and files of other folders.
fn module_of<'f>(file: &'f File, folder: &str, modules: &[String]) -> Option<&'f str> {
    let name = file.path.strip_prefix(folder)?.split('/').next()?;
    let name = name.strip_suffix(".rs").unwrap_or(name);
    modules.iter().any(|module| module == name).then_some(name)
}

/// The modules of its package that a file names, with the lines.
fn uses<'f>(file: &'f File, modules: &[String]) -> Vec<(usize, &'f str)> {
    let named = file.product_lines().flat_map(|(line, text)| {
        let used = text.split("crate::").skip(1).map(leading_word);
        used.map(move |used| (line, used)).collect::<Vec<_>>()
    });
    named
        .filter(|(_, used)| modules.iter().any(|module| module == used))
        .collect()
}

#[test]
fn modules_use_only_those_below_them() {
    for folder in IN_READING_ORDER {
        let modules = declared(folder);
        assert!(modules.len() > 5, "the modules were found in {folder}lib.rs");
        let position = |name: &str| modules.iter().position(|module| module == name);
        let upward = |file: &File| {
            let own = module_of(file, folder, &modules).and_then(position);
            let uses = uses(file, &modules).into_iter();
            uses.filter(|(_, used)| position(used) < own)
                .map(|(line, used)| file.complaint(line, format!("`{used}` stands above it in {folder}lib.rs")))
                .collect()
        };
        let [first, .., last] = modules.as_slice() else {
            panic!("modules in an order");
        };
        let bad = File::sample(&format!("{folder}{last}.rs"), &format!("use crate::{first}::Thing;"));
        enforce(upward, &bad, |file| {
            file.is_product() && module_of(file, folder, &modules).is_some()
        });
    }
}

#[test]
fn no_two_modules_use_each_other() {
    let sample = [
        File::sample("crates/x/src/a.rs", "use crate::b::B;"),
        File::sample("crates/x/src/b.rs", "use crate::c::C;"),
        File::sample("crates/x/src/c.rs", "use crate::a::A;"),
        File::sample("crates/x/src/d.rs", "use crate::a::A;"),
    ];
    let modules: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    assert_eq!(in_cycles("crates/x/src/", &modules, &sample), ["a", "b", "c"]);
    let all = every();
    for folder in WITHOUT_CYCLES {
        let modules = declared(folder);
        assert!(modules.len() > 5, "the modules were found in {folder}lib.rs");
        assert_eq!(in_cycles(folder, &modules, &all), [""; 0], "{folder}");
    }
}

/// The modules that use themselves through others.
fn in_cycles(folder: &str, modules: &[String], files: &[File]) -> Vec<String> {
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.is_product()) {
        let Some(own) = module_of(file, folder, modules) else {
            continue;
        };
        let used = uses(file, modules).into_iter().map(|(_, used)| used);
        reached.entry(own).or_default().extend(used.filter(|used| *used != own));
    }
    loop {
        let before: usize = reached.values().map(BTreeSet::len).sum();
        let known = reached.clone();
        for used in reached.values_mut() {
            let further = used.iter().filter_map(|module| known.get(module)).flatten();
            let further: Vec<&str> = further.copied().collect();
            used.extend(further);
        }
        if reached.values().map(BTreeSet::len).sum::<usize>() == before {
            break;
        }
    }
    let cyclic = reached.iter().filter(|(module, used)| used.contains(*module));
    cyclic.map(|(module, _)| (*module).to_owned()).collect()
}
