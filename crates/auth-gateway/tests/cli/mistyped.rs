//! What an operator mistypes.

use crate::installation::Installation;

#[test]
fn help_names_the_projections_that_there_are() {
    let help = Installation::empty().done(&["projections", "--help"]);
    assert!(help.contains("`states`") && !help.contains("`state`"), "{help}");
}
