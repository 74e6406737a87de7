//! The real route map with a mistake in it, over and over: whatever is wrong is said, and nothing panics.

use std::fs;
use std::path::Path;

use super::{Development, load_routes};
use config_text::environment::Environment;

/// A small generator, so that a failure can be repeated.
struct Seeded(u64);

impl Seeded {
    /// From 0 to `end`, which is left out.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

fn mutated(text: &str, random: &mut Seeded) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let line = random.below(lines.len());
    match random.below(6) {
        0 => drop(lines.remove(line)),
        1 => lines.insert(line, lines[line].clone()),
        2 => {
            let other = random.below(lines.len());
            lines.swap(line, other);
        }
        3 => lines[line].insert_str(0, "  "),
        4 => lines.truncate(line),
        _ => {
            let characters: Vec<char> = "aZ0 :*{}[]\"'#-&!|>\t%é\u{0}".chars().collect();
            let mut flipped: Vec<char> = lines[line].chars().collect();
            if !flipped.is_empty() {
                let at = random.below(flipped.len());
                flipped[at] = characters[random.below(characters.len())];
            }
            lines[line] = flipped.into_iter().collect();
        }
    }
    lines.join("\n")
}

#[test]
fn two_hundred_mutated_maps_are_judged_without_a_panic() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("routes.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let secrets = ["SUPABASE_ANON_KEY", "SUPABASE_INTEL_ANON_KEY"];
    let env = Environment::from_pairs(secrets.map(|name| (name, "anon")));
    let mut random = Seeded(0x5eed);
    let mut refused = 0;
    for round in 0..200 {
        let text = mutated(&text, &mut random);
        let loaded = load_routes(&path, &text, &Development::default(), &env);
        let said = loaded.diagnostics.render(&loaded.sources, true);
        assert_eq!(
            loaded.map.is_none(),
            loaded.diagnostics.has_errors(),
            "round {round}: {said}"
        );
        refused += usize::from(loaded.map.is_none());
    }
    assert!(
        (50..200).contains(&refused),
        "most mutations are mistakes, some are not: {refused}"
    );
}
