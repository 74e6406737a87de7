//! How `weak_passwords.txt` is made: what people choose and attackers try, by rule. Words and names with the usual
//! endings, keyboard walks, digits, doubled words and letters written as digits. After changing a rule, write the file
//! anew with `UPDATE_WEAK_LIST=1 cargo test -p auth-gateway committed_list`.

use std::collections::BTreeSet;

use config_text::environment::Environment;

/// Loved, hoped for, or at hand when a form asks for a password.
const WORDS: &str = "password passwort passwd pass letmein welcome admin administrator root login master secret hello test testing \
    guest user default changeme access system server temp temporary private public internet computer laptop windows linux google \
    facebook iloveyou loveyou love lovely forever angel baby sweet sweety honey sunshine moonlight starlight rainbow summer winter \
    spring autumn monday friday january february march april june july august september october november december flower butterfly \
    dragon monkey tiger lion eagle falcon phoenix panther wolf shadow ghost ninja samurai warrior hunter ranger soldier killer \
    superman batman spiderman ironman starwars pokemon naruto matrix hacker legend champion football baseball basketball soccer \
    hockey tennis golfer liverpool arsenal chelsea barcelona juventus madrid milan london paris berlin america canada australia \
    nigeria lagos brazil mexico texas california chicago dallas yankees cowboys lakers steelers eagles ferrari mercedes porsche \
    corvette mustang harley yamaha toyota cookie chocolate cheese banana orange apple cherry pepper ginger coffee pizza whatever \
    nothing trustno freedom success lucky happy smile money dollar million princess prince queen king diamond crystal silver golden \
    purple yellow green black white jesus christ heaven blessed blessing family mother father sister brother friend friends school \
    college student teacher doctor office company business manager service support security database network wireless router cisco \
    oracle mysql postgres docker developer";

/// First names people have, or have a child, pet or love by.
const NAMES: &str = "michael michelle jennifer jessica jordan ashley amanda andrew anthony thomas daniel danielle david joshua matthew \
    robert charlie charles william richard george joseph james christian christopher nicholas nicole alexander alexandra samantha \
    samuel stephanie steven patrick patricia elizabeth victoria veronica vanessa natasha natalie melissa martin maria marina martha \
    margaret oliver olivia sophia isabella emily hannah maggie buster bailey rocky max buddy lucy bella molly sophie chloe lauren \
    rachel rebecca sarah laura linda lisa barbara brandon brian kevin justin jason tyler ryan eric adam aaron austin benjamin \
    carlos fernando roberto alejandro antonio mohammed ahmed ibrahim fatima chinedu blessing emmanuel grace favour";

const ENDINGS: &[&str] = &[
    "1", "12", "123", "1234", "12345", "123456", "!", "1!", "123!", "@123", "01", "00", "11", "69", "99", "007",
];
const NAME_ENDINGS: &[&str] = &["1", "12", "123", "1234", "01"];
const YEARS: std::ops::RangeInclusive<u32> = 2015..=2027;
/// Words that go with a year: seasons, months, and the first thing that comes to mind.
const YEARLY: &[&str] = &[
    "password",
    "welcome",
    "admin",
    "summer",
    "winter",
    "spring",
    "autumn",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "friday",
    "hello",
    "secret",
    "changeme",
    "letmein",
    "qwerty",
    "company",
    "test",
];
const WALKS: &[&str] = &[
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm,./",
    "qwertzuiop",
    "azertyuiop",
    "1qaz2wsx3edc4rfv",
    "qazwsxedcrfv",
    "1q2w3e4r5t6y7u8i",
    "q1w2e3r4t5y6",
    "zaq12wsxcde3",
    "qweasdzxc",
    "!qaz@wsx",
    "qwertyasdfgh",
    "asdfghzxcvbn",
    "qwer1234",
    "1234qwer",
    "asdf1234",
    "1234asdf",
    "zxcv1234",
    "qwerasdf",
    "asdfzxcv",
    "qwaszx12",
    "abcd1234",
    "1234abcd",
    "abc12345",
    "12345abc",
    "a1b2c3d4e5",
    "1a2b3c4d5e",
    "abcdefghijkl",
    "147258369",
    "159753456",
    "789456123",
    "741852963",
    "963852741",
    "123654789",
    "987654321",
    "qwerty123456",
    "asdfgh123456",
    "qwe123qwe123",
    "!@#$%^&*()",
    "poiuytrewq",
    "lkjhgfdsa",
    "mnbvcxz1",
];
const SHORTEST: usize = 8;

fn weak_list() -> BTreeSet<String> {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let names: Vec<&str> = NAMES.split_whitespace().collect();
    let mut list = BTreeSet::new();
    for word in &words {
        list.extend([
            (*word).to_owned(),
            word.repeat(2),
            with_digits(word),
            word.chars().rev().collect(),
        ]);
        list.extend(ENDINGS.iter().map(|ending| format!("{word}{ending}")));
    }
    for name in &names {
        list.extend([(*name).to_owned(), format!("ilove{name}"), format!("{name}{name}")]);
        list.extend(NAME_ENDINGS.iter().map(|ending| format!("{name}{ending}")));
    }
    for year in YEARS {
        list.extend(YEARLY.iter().map(|word| format!("{word}{year}")));
    }
    for walk in WALKS {
        list.extend((SHORTEST..=walk.len()).map(|length| walk[..length].to_owned()));
        list.extend((SHORTEST..=walk.len()).map(|length| walk[..length].chars().rev().collect::<String>()));
    }
    list.extend(
        [
            "p@ssword",
            "p@ssw0rd",
            "p@ssw0rd1",
            "p@ssw0rd123",
            "p@$$w0rd",
            "pa$$word",
            "pa$$w0rd",
            "trustno1",
            "trustno1!",
        ]
        .map(str::to_owned),
    );
    list.extend(digits());
    list.retain(|text| text.chars().count() >= SHORTEST);
    list
}

/// The usual letters written as digits: `passw0rd`, `4dm1n1str4t0r` is rarer.
fn with_digits(word: &str) -> String {
    word.replace('o', "0").replace('i', "1").replace('e', "3")
}

/// Runs up and down, one figure again and again, and short groups repeated.
fn digits() -> Vec<String> {
    let (up, down) = ("12345678901234567890", "98765432109876543210");
    let runs = [up, down].into_iter().flat_map(|run| {
        (0..10).flat_map(move |start| (8..=10).map(move |length| run[start..start + length].to_owned()))
    });
    let repeated = "0123456789abcdefghijklmnopqrstuvwxyz"
        .chars()
        .flat_map(|one| (8..=12).map(move |length| one.to_string().repeat(length)));
    let groups = [
        "12", "21", "10", "01", "13", "69", "99", "1234", "4321", "1122", "1212", "2580", "abcd", "aabb", "qwer",
        "asdf", "abc", "123", "321",
    ];
    let grouped = groups
        .into_iter()
        .flat_map(|group| (2..=6).map(|times| group.repeat(times)));
    let pairs = [
        "11223344",
        "1122334455",
        "10203040",
        "1020304050",
        "00112233",
        "44332211",
        "112233445566",
        "31415926",
        "3141592653",
        "27182818",
    ];
    let births = (1970..=2012).flat_map(|year| [format!("0101{year}"), format!("{year}0101")]);
    runs.chain(repeated)
        .chain(grouped)
        .chain(pairs.map(str::to_owned))
        .chain(births)
        .collect()
}

fn as_text() -> String {
    weak_list().into_iter().map(|text| text + "\n").collect()
}

#[test]
fn the_committed_list_is_what_the_rules_make() {
    if Environment::from_process().get("UPDATE_WEAK_LIST").is_some() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/crypto/password_policy/weak_passwords.txt"
        );
        std::fs::write(path, as_text()).unwrap();
    }
    assert!(
        as_text() == super::WEAK,
        "weak_passwords.txt is not what weak_list.rs makes; run with UPDATE_WEAK_LIST=1"
    );
    assert!(
        (3000..6000).contains(&super::WEAK.lines().count()),
        "{}",
        super::WEAK.lines().count()
    );
}
