use super::*;

#[test]
fn a_list_of_rows_stands_in_the_middle_of_the_statement() {
    let insert = Many {
        before: "INSERT INTO t (a, b) VALUES ",
        columns: 2,
        after: " ON CONFLICT DO NOTHING",
    };
    assert_eq!(
        insert.text(3, Placeholders::Numbered),
        "INSERT INTO t (a, b) VALUES ($1,$2),($3,$4),($5,$6) ON CONFLICT DO NOTHING"
    );
    assert_eq!(
        insert.text(2, Placeholders::Plain),
        "INSERT INTO t (a, b) VALUES (?,?),(?,?) ON CONFLICT DO NOTHING"
    );
}

#[test]
fn pieces_are_powers_of_two_and_lose_nothing() {
    let rows: Vec<usize> = (0..700).collect();
    for length in [0, 1, 2, 3, 63, 64, 256, 257, 700] {
        let cut: Vec<&[usize]> = pieces(&rows[..length]).collect();
        assert!(
            cut.iter()
                .all(|piece| piece.len().is_power_of_two() && piece.len() <= MOST_ROWS)
        );
        assert_eq!(cut.concat(), &rows[..length]);
    }
}

#[test]
fn keys_are_padded_with_the_last_one() {
    assert_eq!(padded(0..0), Vec::<Vec<i32>>::new());
    assert_eq!(padded([7, 8, 9]), [[7, 8, 9, 9]]);
    assert_eq!(padded(0..300).iter().map(Vec::len).collect::<Vec<_>>(), [256, 64]);
}

#[test]
fn rows_are_filled_up_with_none() {
    let rows: Vec<usize> = (0..300).collect();
    let lists: Vec<Vec<Option<&usize>>> = filled(&rows).collect();
    assert_eq!(lists.iter().map(Vec::len).collect::<Vec<_>>(), [256, 48]);
    let there: Vec<usize> = lists.concat().into_iter().flatten().copied().collect();
    assert_eq!(there, rows);
    assert_eq!(filled::<usize>(&[]).count(), 0);
}

#[test]
fn lists_have_few_sizes_and_little_filling() {
    let sizes: Vec<usize> = [1, 2, 3, 4, 5, 7, 8, 9, 13, 17, 25, 33, 49, 97, 129, 193]
        .map(round)
        .to_vec();
    assert_eq!(sizes, [1, 2, 3, 4, 6, 8, 8, 12, 16, 24, 32, 48, 64, 128, 192, 256]);
}
