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
